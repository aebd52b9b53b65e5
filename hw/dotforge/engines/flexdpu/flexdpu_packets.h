/* Packets of flexdpu: packs and unpacks tiles of compressed matrices and of results.
 *
 * C99, no dependency, any byte order. The format is described in docs/flexdpu-packets.md. All functions are static;
 * those that can fail return FLEXDPU_OK or one of enum flexdpu_error, and flexdpu_message() says it in words.
 *
 * Memory layout of a tile: row r's bitmap begins with byte r * ((columns + 7) / 8), bit c % 8 of byte c / 8 being column c;
 * values are uint8_t (formats of 4 and 8 bits; 4 bits in the low half), uint16_t, uint32_t or uint64_t, in the order of the rows.
 */
#ifndef FLEXDPU_PACKETS_H
#define FLEXDPU_PACKETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FLEXDPU_MAGIC 0x4644u
#define FLEXDPU_PACKET_VERSION 1u
#define FLEXDPU_HEADER_BYTES 32u
#define FLEXDPU_FLAG_LAST 1u /* last packet of the window, of the fold (streaming), of the job (results) */
#define FLEXDPU_FLAG_ROWS 2u /* results lie row after row in the packet, not column after column */

enum flexdpu_kind { FLEXDPU_REGOR = 1, FLEXDPU_STATIONARY = 2, FLEXDPU_STREAMING = 3, FLEXDPU_RESULT = 4 };

enum flexdpu_format {
    FLEXDPU_NO_VALUES = 0, /* with FLEXDPU_REGOR */
    FLEXDPU_INT4 = 1,
    FLEXDPU_INT8 = 2,
    FLEXDPU_INT16 = 3,
    FLEXDPU_BF16 = 4,
    FLEXDPU_FP16 = 5,
    FLEXDPU_FP8_E4M3 = 6,
    FLEXDPU_FP8_E5M2 = 7,
    FLEXDPU_FP32 = 16,
    FLEXDPU_INT32 = 17,
    FLEXDPU_INT64 = 18
};

enum flexdpu_error {
    FLEXDPU_OK = 0,
    FLEXDPU_BAD_BEAT,     /* beat_bytes is not 8, 16, 32, 64 or 128 */
    FLEXDPU_BAD_MAGIC,    /* no packet begins there */
    FLEXDPU_BAD_VERSION,  /* of the packet format */
    FLEXDPU_BAD_KIND,     /* no enum flexdpu_kind */
    FLEXDPU_BAD_FORMAT,   /* no enum flexdpu_format, or not one for this kind */
    FLEXDPU_OTHER_BEAT,   /* made for beats of another size */
    FLEXDPU_BAD_SHAPE,    /* no rows or columns, or bitmaps whose length is no power of two */
    FLEXDPU_BAD_COUNT,    /* number of values and bitmaps, or shape of results, contradict each other */
    FLEXDPU_BAD_BITMAPS,  /* bits set in bitmaps of rows that are not there */
    FLEXDPU_CUT_OFF,      /* fewer bytes than header and bitmaps say */
    FLEXDPU_TOO_LONG,     /* more bytes than header and bitmaps say */
    FLEXDPU_OUT_OF_ORDER, /* another sequence number is due */
    FLEXDPU_WRONG_TAG,    /* of another job */
    FLEXDPU_NO_ROOM       /* the buffer is too small */
};

typedef struct {
    uint8_t kind, format, flags;
    uint16_t tag, sequence;
    uint32_t row, column, rows, columns;
    uint32_t values; /* in the packet; of results, lines times the values that a line takes there */
} flexdpu_header;

static inline const char *flexdpu_message(int error)
{
    static const char *const messages[] = {
        "no error", "beats have 8, 16, 32, 64 or 128 bytes", "wrong magic: no packet begins here", "unknown version",
        "unknown kind", "unknown format, or not one for this kind", "made for beats of another size",
        "no rows or columns, or bitmaps whose length is no power of two", "number of values and bitmaps differ",
        "bits are set in bitmaps of rows that are not there", "cut off", "too long", "out of order", "wrong tag",
        "the buffer is too small"
    };
    return error >= 0 && error <= FLEXDPU_NO_ROOM ? messages[error] : "unknown error";
}

/* Bits of a value, 0 where the format is not known. */
static inline unsigned flexdpu_format_bits(unsigned format)
{
    switch (format) {
    case FLEXDPU_INT4: return 4;
    case FLEXDPU_INT8: case FLEXDPU_FP8_E4M3: case FLEXDPU_FP8_E5M2: return 8;
    case FLEXDPU_INT16: case FLEXDPU_BF16: case FLEXDPU_FP16: return 16;
    case FLEXDPU_FP32: case FLEXDPU_INT32: return 32;
    case FLEXDPU_INT64: return 64;
    default: return 0;
    }
}

/* Bytes of a value in memory. */
static inline size_t flexdpu_value_bytes(unsigned format)
{
    unsigned bits = flexdpu_format_bits(format);
    return bits <= 8 ? 1 : bits / 8;
}

static inline uint64_t flexdpu_get_value(const void *values, size_t index, unsigned bits)
{
    switch (bits) {
    case 16: return ((const uint16_t *)values)[index];
    case 32: return ((const uint32_t *)values)[index];
    case 64: return ((const uint64_t *)values)[index];
    default: return ((const uint8_t *)values)[index];
    }
}

static inline void flexdpu_set_value(void *values, size_t index, unsigned bits, uint64_t value)
{
    switch (bits) {
    case 16: ((uint16_t *)values)[index] = (uint16_t)value; break;
    case 32: ((uint32_t *)values)[index] = (uint32_t)value; break;
    case 64: ((uint64_t *)values)[index] = value; break;
    default: ((uint8_t *)values)[index] = (uint8_t)value; break;
    }
}

/* Value number `index` of a part of a body. */
static inline uint64_t flexdpu_load(const uint8_t *part, size_t index, unsigned bits)
{
    uint64_t value = 0;
    if (bits == 4)
        return part[index / 2] >> (index % 2 * 4) & 15u;
    for (unsigned byte = 0; byte < bits / 8; byte++)
        value |= (uint64_t)part[index * (bits / 8) + byte] << (8 * byte);
    return value;
}

static inline void flexdpu_store(uint8_t *part, size_t index, unsigned bits, uint64_t value)
{
    if (bits == 4) {
        part[index / 2] = (uint8_t)(part[index / 2] | (value & 15u) << (index % 2 * 4));
        return;
    }
    for (unsigned byte = 0; byte < bits / 8; byte++)
        part[index * (bits / 8) + byte] = (uint8_t)(value >> (8 * byte));
}

static inline size_t flexdpu_whole(size_t bytes, size_t beat_bytes)
{
    return (bytes + beat_bytes - 1) / beat_bytes * beat_bytes;
}

static inline int flexdpu_check_header(const flexdpu_header *header, unsigned beat_bytes)
{
    if (beat_bytes < 8 || beat_bytes > 128 || (beat_bytes & (beat_bytes - 1)))
        return FLEXDPU_BAD_BEAT;
    if (header->kind < FLEXDPU_REGOR || header->kind > FLEXDPU_RESULT)
        return FLEXDPU_BAD_KIND;
    if (header->kind == FLEXDPU_REGOR ? header->format != FLEXDPU_NO_VALUES : !flexdpu_format_bits(header->format))
        return FLEXDPU_BAD_FORMAT;
    if (!header->rows || !header->columns)
        return FLEXDPU_BAD_SHAPE;
    if (header->kind != FLEXDPU_RESULT && (header->columns & (header->columns - 1)))
        return FLEXDPU_BAD_SHAPE;
    return FLEXDPU_OK;
}

/* Lines of a tile of results as they lie in a packet, the values of each that mean something, and those it takes. */
static inline int flexdpu_lines(const flexdpu_header *header, uint32_t *lines, uint32_t *used, uint32_t *stride)
{
    int by_rows = (header->flags & FLEXDPU_FLAG_ROWS) != 0;
    *lines = by_rows ? header->rows : header->columns;
    *used = by_rows ? header->columns : header->rows;
    *stride = header->values / *lines;
    return header->values % *lines || *stride < *used ? FLEXDPU_BAD_COUNT : FLEXDPU_OK;
}

/* Where blocks are: the rows of one, and the bytes of its bitmaps. */
static inline uint32_t flexdpu_block(uint32_t columns, unsigned beat_bytes, size_t *bitmap_bytes)
{
    size_t bits = (size_t)beat_bytes * 8;
    *bitmap_bytes = columns > bits ? columns / 8 : beat_bytes;
    return columns > bits ? 1 : (uint32_t)(bits / columns);
}

static inline unsigned flexdpu_bit(const uint8_t *bytes, size_t bit)
{
    return bytes[bit / 8] >> (bit % 8) & 1u;
}

/* Compress a dense matrix: all values that are not zero are kept. Returns how many they are; `bitmaps` takes
 * rows * ((columns + 7) / 8) bytes, `values` up to rows * columns of them. */
static inline size_t flexdpu_compress(const void *dense, uint32_t rows, uint32_t columns, unsigned format,
                                      uint8_t *bitmaps, void *values)
{
    unsigned bits = flexdpu_format_bits(format);
    size_t stride = ((size_t)columns + 7) / 8, count = 0;
    memset(bitmaps, 0, rows * stride);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++) {
            uint64_t value = flexdpu_get_value(dense, (size_t)row * columns + column, bits);
            if (value) {
                bitmaps[row * stride + column / 8] |= (uint8_t)(1u << column % 8);
                flexdpu_set_value(values, count++, bits, value);
            }
        }
    return count;
}

/* Write a packet of `room` bytes at most to `out`, and its length to `length`.
 *
 * `header` with all of its fields; `values` of results row after row, header->values being lines * stride. `bitmaps` is
 * not used with results, `values` not with FLEXDPU_REGOR. */
static inline int flexdpu_pack(const flexdpu_header *header, const uint8_t *bitmaps, const void *values,
                               unsigned beat_bytes, uint8_t *out, size_t room, size_t *length)
{
    int error = flexdpu_check_header(header, beat_bytes);
    if (error)
        return error;
    unsigned bits = flexdpu_format_bits(header->format);
    size_t start = flexdpu_whole(FLEXDPU_HEADER_BYTES, beat_bytes);
    if (room < start)
        return FLEXDPU_NO_ROOM;
    memset(out, 0, start);
    flexdpu_store(out, 0, 16, FLEXDPU_MAGIC);
    out[2] = FLEXDPU_PACKET_VERSION;
    out[3] = header->kind;
    out[4] = header->format;
    out[5] = header->flags;
    flexdpu_store(out, 3, 16, header->tag);
    flexdpu_store(out, 2, 32, header->row);
    flexdpu_store(out, 3, 32, header->column);
    flexdpu_store(out, 4, 32, header->rows);
    flexdpu_store(out, 5, 32, header->columns);
    flexdpu_store(out, 6, 32, header->values);
    flexdpu_store(out, 14, 16, header->sequence);
    for (unsigned bytes = beat_bytes; bytes > 1; bytes /= 2)
        out[30]++;

    if (header->kind == FLEXDPU_RESULT) {
        uint32_t lines, used, stride;
        if ((error = flexdpu_lines(header, &lines, &used, &stride)))
            return error;
        size_t size = flexdpu_whole(((size_t)header->values * bits + 7) / 8, beat_bytes);
        if (room - start < size)
            return FLEXDPU_NO_ROOM;
        memset(out + start, 0, size);
        int by_rows = (header->flags & FLEXDPU_FLAG_ROWS) != 0;
        for (uint32_t line = 0; line < lines; line++)
            for (uint32_t item = 0; item < used; item++) {
                size_t from = by_rows ? (size_t)line * used + item : (size_t)item * lines + line;
                flexdpu_store(out + start, (size_t)line * stride + item, bits, flexdpu_get_value(values, from, bits));
            }
        *length = start + size;
        return FLEXDPU_OK;
    }

    size_t bitmap_bytes, row_bytes = ((size_t)header->columns + 7) / 8, done = 0;
    uint32_t rows = flexdpu_block(header->columns, beat_bytes, &bitmap_bytes);
    for (uint32_t first = 0; first < header->rows; first += rows) {
        uint32_t here = header->rows - first < rows ? header->rows - first : rows;
        size_t count = 0, size = 0;
        if (room - start < bitmap_bytes)
            return FLEXDPU_NO_ROOM;
        memset(out + start, 0, bitmap_bytes);
        for (uint32_t row = 0; row < here; row++)
            for (uint32_t column = 0; column < header->columns; column++)
                if (flexdpu_bit(bitmaps + (first + row) * row_bytes, column)) {
                    size_t bit = (size_t)row * header->columns + column;
                    out[start + bit / 8] = (uint8_t)(out[start + bit / 8] | 1u << bit % 8);
                    count++;
                }
        start += bitmap_bytes;
        if (header->kind != FLEXDPU_REGOR) {
            size = flexdpu_whole((count * bits + 7) / 8, beat_bytes);
            if (room - start < size)
                return FLEXDPU_NO_ROOM;
            if (done + count > header->values)
                return FLEXDPU_BAD_COUNT;
            memset(out + start, 0, size);
            for (size_t index = 0; index < count; index++)
                flexdpu_store(out + start, index, bits, flexdpu_get_value(values, done + index, bits));
            done += count;
            start += size;
        }
        if (header->rows - first <= rows)
            break;
    }
    if (done != header->values)
        return FLEXDPU_BAD_COUNT;
    *length = start;
    return FLEXDPU_OK;
}

/* Read the header of a packet. */
static inline int flexdpu_unpack_header(const uint8_t *data, size_t size, unsigned beat_bytes, flexdpu_header *header)
{
    unsigned beat = 0;
    if (size < FLEXDPU_HEADER_BYTES)
        return FLEXDPU_CUT_OFF;
    if (flexdpu_load(data, 0, 16) != FLEXDPU_MAGIC)
        return FLEXDPU_BAD_MAGIC;
    if (data[2] != FLEXDPU_PACKET_VERSION)
        return FLEXDPU_BAD_VERSION;
    header->kind = data[3];
    header->format = data[4];
    header->flags = data[5];
    header->tag = (uint16_t)flexdpu_load(data, 3, 16);
    header->row = (uint32_t)flexdpu_load(data, 2, 32);
    header->column = (uint32_t)flexdpu_load(data, 3, 32);
    header->rows = (uint32_t)flexdpu_load(data, 4, 32);
    header->columns = (uint32_t)flexdpu_load(data, 5, 32);
    header->values = (uint32_t)flexdpu_load(data, 6, 32);
    header->sequence = (uint16_t)flexdpu_load(data, 14, 16);
    int error = flexdpu_check_header(header, beat_bytes);
    for (unsigned bytes = beat_bytes; bytes > 1; bytes /= 2)
        beat++;
    return error ? error : data[30] != beat ? FLEXDPU_OTHER_BEAT : FLEXDPU_OK;
}

/* Read the packet at `data` and write its length to `length`: the next one, if there is one, begins there.
 *
 * `bitmaps` and `values` take up to `bitmaps_room` bytes and `values_room` values; NULL to leave them out, for instance to
 * learn from the header how much room they need. */
static inline int flexdpu_unpack_next(const uint8_t *data, size_t size, unsigned beat_bytes, flexdpu_header *header,
                                      uint8_t *bitmaps, size_t bitmaps_room, void *values, size_t values_room,
                                      size_t *length)
{
    int error = flexdpu_unpack_header(data, size, beat_bytes, header);
    if (error)
        return error;
    unsigned bits = flexdpu_format_bits(header->format);
    size_t start = flexdpu_whole(FLEXDPU_HEADER_BYTES, beat_bytes), done = 0;
    if (size < start)
        return FLEXDPU_CUT_OFF;

    if (header->kind == FLEXDPU_RESULT) {
        uint32_t lines, used, stride;
        if ((error = flexdpu_lines(header, &lines, &used, &stride)))
            return error;
        size_t bytes = flexdpu_whole(((size_t)header->values * bits + 7) / 8, beat_bytes);
        if (size - start < bytes)
            return FLEXDPU_CUT_OFF;
        if (values && values_room / used < lines)
            return FLEXDPU_NO_ROOM;
        int by_rows = (header->flags & FLEXDPU_FLAG_ROWS) != 0;
        for (uint32_t line = 0; values && line < lines; line++)
            for (uint32_t item = 0; item < used; item++) {
                size_t to = by_rows ? (size_t)line * used + item : (size_t)item * lines + line;
                flexdpu_set_value(values, to, bits, flexdpu_load(data + start, (size_t)line * stride + item, bits));
            }
        *length = start + bytes;
        return FLEXDPU_OK;
    }

    size_t bitmap_bytes, row_bytes = ((size_t)header->columns + 7) / 8;
    uint32_t rows = flexdpu_block(header->columns, beat_bytes, &bitmap_bytes);
    if (bitmaps && bitmaps_room / row_bytes < header->rows)
        return FLEXDPU_NO_ROOM;
    if (bitmaps)
        memset(bitmaps, 0, header->rows * row_bytes);
    for (uint32_t first = 0; first < header->rows; first += rows) {
        uint32_t here = header->rows - first < rows ? header->rows - first : rows;
        size_t count = 0, bytes;
        if (size - start < bitmap_bytes)
            return FLEXDPU_CUT_OFF;
        for (size_t bit = 0; bit < bitmap_bytes * 8; bit++) {
            if (!flexdpu_bit(data + start, bit))
                continue;
            if (bit / header->columns >= here)
                return FLEXDPU_BAD_BITMAPS;
            size_t column = bit % header->columns;
            if (bitmaps)
                bitmaps[(first + bit / header->columns) * row_bytes + column / 8] |= (uint8_t)(1u << column % 8);
            count++;
        }
        start += bitmap_bytes;
        if (header->kind != FLEXDPU_REGOR) {
            bytes = flexdpu_whole((count * bits + 7) / 8, beat_bytes);
            if (size - start < bytes)
                return FLEXDPU_CUT_OFF;
            if (values && values_room - done < count)
                return FLEXDPU_NO_ROOM;
            for (size_t index = 0; values && index < count; index++)
                flexdpu_set_value(values, done + index, bits, flexdpu_load(data + start, index, bits));
            start += bytes;
            done += count;
        }
        if (header->rows - first <= rows)
            break;
    }
    if (done != header->values)
        return FLEXDPU_BAD_COUNT;
    *length = start;
    return FLEXDPU_OK;
}

/* Read one packet, which ends where the data do. */
static inline int flexdpu_unpack(const uint8_t *data, size_t size, unsigned beat_bytes, flexdpu_header *header,
                                 uint8_t *bitmaps, size_t bitmaps_room, void *values, size_t values_room)
{
    size_t length = 0;
    int error = flexdpu_unpack_next(data, size, beat_bytes, header, bitmaps, bitmaps_room, values, values_room, &length);
    return error ? error : length != size ? FLEXDPU_TOO_LONG : FLEXDPU_OK;
}

/* Whether a packet is the one that is due: of the job `tag`, and number `sequence` of its stream. */
static inline int flexdpu_check_order(const flexdpu_header *header, uint16_t tag, uint16_t sequence)
{
    return header->tag != tag ? FLEXDPU_WRONG_TAG : header->sequence != sequence ? FLEXDPU_OUT_OF_ORDER : FLEXDPU_OK;
}

#endif
