"""What cells with more than one operator in them are for, as bodies of Verilog modules."""

__all__ = ["fan_sums", "float_product", "float_sum", "occupied_values"]


def float_sum(exponent_bits: int, mantissa_bits: int) -> str:
    """Return the sum of ``a`` and ``b`` in ``o``: exact in fixed point, then rounded to nearest, ties to even.

    Parameters
    ----------
    exponent_bits, mantissa_bits : of a format with infinities and NaN as IEEE 754 has them
    """
    width = (1 << exponent_bits) + mantissa_bits
    size = exponent_bits + mantissa_bits
    return f"""
  {_decoded(exponent_bits, mantissa_bits)}
  wire signed [{width + 1}:0] exact = (a[{size}] ? -$signed({{2'b0, fixed_a}}) : $signed({{2'b0, fixed_a}}))
                                  + (b[{size}] ? -$signed({{2'b0, fixed_b}}) : $signed({{2'b0, fixed_b}}));
  wire sign = exact == 0 ? a[{size}] & b[{size}] : exact[{width + 1}];
  wire [{width}:0] magnitude = exact[{width + 1}] ? -exact : exact;
  wire invalid = nan_a | nan_b | (infinite_a & infinite_b & (a[{size}] ^ b[{size}]));
  wire infinite = infinite_a | infinite_b;
  wire infinite_sign = infinite_a ? a[{size}] : b[{size}];
  {_rounded(exponent_bits, mantissa_bits, width + 1, 0)}
"""


def float_product(exponent_bits: int, mantissa_bits: int) -> str:
    """Return the product of ``a`` and ``b`` in ``o``, as :func:`float_sum` does.

    Parameters
    ----------
    exponent_bits, mantissa_bits : of a format with infinities and NaN as IEEE 754 has them
    """
    width = (1 << exponent_bits) + mantissa_bits
    size = exponent_bits + mantissa_bits
    bias = (1 << (exponent_bits - 1)) - 1
    return f"""
  {_decoded(exponent_bits, mantissa_bits)}
  wire [{2 * width - 1}:0] magnitude = fixed_a * fixed_b;
  wire sign = a[{size}] ^ b[{size}], infinite_sign = sign;
  wire infinite = infinite_a | infinite_b;
  wire zero_a = a[{size - 1}:0] == 0, zero_b = b[{size - 1}:0] == 0;
  wire invalid = nan_a | nan_b | (infinite_a & zero_b) | (infinite_b & zero_a);
  {_rounded(exponent_bits, mantissa_bits, 2 * width, bias + mantissa_bits - 1)}
"""


def _decoded(exponent_bits: int, mantissa_bits: int) -> str:
    """Return operands in units of the least subnormal; what is no number counts as nothing."""
    width = (1 << exponent_bits) + mantissa_bits
    size = exponent_bits + mantissa_bits
    lines = []
    for name in "ab":
        exponent, fraction = f"{name}[{size - 1}:{mantissa_bits}]", f"{name}[{mantissa_bits - 1}:0]"
        special = f"(&{exponent})"
        significand = f"{{{width - mantissa_bits - 1}'b0, {exponent} != 0, {fraction}}}"
        lines += [
            f"wire nan_{name} = {special} & {fraction} != 0, infinite_{name} = {special} & {fraction} == 0;",
            f"wire [{width - 1}:0] fixed_{name} = {special} ? 0 : "
            f"{significand} << ({exponent} == 0 ? 0 : {exponent} - 1);",
        ]
    return "\n  ".join(lines)


def _rounded(exponent_bits: int, mantissa_bits: int, width: int, point: int) -> str:
    """Return ``o`` from ``magnitude``, of ``width`` bits, ``point`` of them below the least subnormal."""
    size = exponent_bits + mantissa_bits
    infinity = ((1 << exponent_bits) - 1) << mantissa_bits
    nan = infinity | 1 << (mantissa_bits - 1)
    places = max(width.bit_length(), size) + 2
    shifts = "".join(
        f"magnitude[{bit}] ? {max(point, bit - mantissa_bits)} : " for bit in reversed(range(width))
    )
    return f"""wire [{places - 1}:0] shift = {shifts}{point};
  wire [{width - 1}:0] kept = magnitude >> shift;
  wire [{width - 1}:0] lost = magnitude & ~({{{width}{{1'b1}}}} << shift);
  wire [{width}:0] twice = {{lost, 1'b0}}, one = {{{width}'b0, 1'b1}} << shift;
  wire up = twice > one | (twice == one & kept[0]);
  wire [{width + places}:0] code = kept + up + ((shift - {point}) << {mantissa_bits});
  wire overflow = code >= {infinity};
  assign o = invalid ? {nan} :
             {{infinite ? infinite_sign : sign, infinite | overflow ? {size}'d{infinity} : code[{size - 1}:0]}};"""


def fan_sums(lanes: int, width: int, id_width: int) -> str:
    """Return the sums of runs of lanes whose ids are alike, at the run's last lane, where one of them is occupied.

    What is no sum is zero.

    Parameters
    ----------
    lanes, width, id_width : of the network
    """
    ids = [f"vec_ids[{id_width * (lane + 1) - 1}:{id_width * lane}]" for lane in range(lanes)]
    lines = []
    for last in range(lanes):
        ends = "1'b1" if last == lanes - 1 else f"{ids[last]} != {ids[last + 1]}"
        inside = "1'b1"
        terms, occupied = [], []
        for lane in range(last, -1, -1):
            if lane < last:
                inside += f" & {ids[lane]} == {ids[lane + 1]}"
            one = f"values[{width * (lane + 1) - 1}:{width * lane}]"
            terms.append(f"(({inside}) & occupied[{lane}] ? {one} : {width}'d0)")
            occupied.append(f"(({inside}) & occupied[{lane}])")
        value, taken = " + ".join(terms), " | ".join(occupied)
        lines.append(f"assign sum_valid[{last}] = ({ends}) & ({taken});")
        lines.append(
            f"assign sums[{width * (last + 1) - 1}:{width * last}] = sum_valid[{last}] ? {value} : 0;"
        )
        lines.append(
            f"assign sum_ids[{id_width * (last + 1) - 1}:{id_width * last}] = "
            f"sum_valid[{last}] ? {ids[last]} : 0;"
        )
    return "\n  ".join(lines)


def occupied_values(lanes: int, width: int) -> str:
    """Return ``values``, zero where a lane is not occupied: what a network is given.

    Parameters
    ----------
    lanes, width : of the network
    """
    words = (
        f"values[{width * (lane + 1) - 1}:{width * lane}] & {{{width}{{occupied[{lane}]}}}}"
        for lane in reversed(range(lanes))
    )
    return f"{{{', '.join(words)}}}"
