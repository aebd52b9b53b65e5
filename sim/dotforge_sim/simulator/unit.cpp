// Evaluates a unit for its operands; see units.py, which writes above this text the macros
//   MODEL, FUNCTION      class of the verilated module, and head of the function
//   INPUTS, OUTPUTS      X(port, argument, words), where an argument is the address of 32-bit words
//   RESULTS              how many results are remembered, a power of two, or 0
//
// All instances share one model: it has no registers, so what it gives depends on nothing but its operands.

struct Operands {
#define X(port, argument, words) uint32_t port[words];
    INPUTS
#undef X
};

struct Result {
    bool known;
    Operands operands;
#define X(port, argument, words) uint32_t port[words];
    OUTPUTS
#undef X
};

static size_t place(const Operands& operands) {
    const uint32_t* const words = reinterpret_cast<const uint32_t*>(&operands);
    uint64_t mixed = 0;
    for (size_t i = 0; i < sizeof operands / sizeof *words; ++i) {
        mixed = (mixed ^ words[i]) * 0x9E3779B97F4A7C15ULL;
        mixed ^= mixed >> 32;
    }
    return RESULTS ? mixed % (RESULTS + !RESULTS) : 0;
}

template <class Port>
static void put(Port& port, const uint32_t* words) { std::memcpy(&port, words, sizeof port); }

template <class Port>
static void take(uint32_t* words, const Port& port) { std::memcpy(words, &port, sizeof port); }

extern "C" FUNCTION {
    static MODEL& model = *new MODEL;  // for ever: at the end nobody knows who is done first
    static Result results[RESULTS + !RESULTS];
    Operands operands;
#define X(port, argument, words) std::memcpy(operands.port, argument, sizeof operands.port);
    INPUTS
#undef X
    Result& result = results[place(operands)];
    if (!RESULTS || !result.known || std::memcmp(&result.operands, &operands, sizeof operands)) {
#define X(port, argument, words) put(model.port, operands.port);
        INPUTS
#undef X
        model.eval();
#define X(port, argument, words) take(result.port, model.port);
        OUTPUTS
#undef X
        result.operands = operands;
        result.known = true;
    }
#define X(port, argument, words) std::memcpy(argument, result.port, sizeof result.port);
    OUTPUTS
#undef X
}
