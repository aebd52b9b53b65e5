/* Unpacks packets from standard input, one after the other, and packs what it found again.
 *
 * In: beat_bytes, size (uint32_t each), the packet. Out: error, size, the packet again; for a compressed tile once more, its matrix
 * made dense and compressed by flexdpu_compress. */
#include <stdio.h>
#include <stdlib.h>
#include "flexdpu_packets.h"

static void give(uint32_t error, const uint8_t *data, uint32_t size)
{
    uint32_t head[2] = {error, size};
    fwrite(head, 4, 2, stdout);
    fwrite(data, 1, size, stdout);
}

int main(void)
{
    uint32_t asked[2];
    while (fread(asked, 4, 2, stdin) == 2) {
        uint8_t *data = malloc(asked[1] + 1), *out = malloc(asked[1] + 1);
        flexdpu_header header;
        size_t length = 0;
        if (fread(data, 1, asked[1], stdin) != asked[1])
            return 2;
        int error = flexdpu_unpack(data, asked[1], asked[0], &header, NULL, 0, NULL, 0);
        if (error) {
            const char *text = flexdpu_message(error);
            give((uint32_t)error, (const uint8_t *)text, (uint32_t)strlen(text));
        } else {
            size_t row_bytes = (header.columns + 7) / 8, cells = (size_t)header.rows * header.columns;
            size_t room = header.kind == FLEXDPU_RESULT ? cells : header.values;
            size_t bytes = flexdpu_value_bytes(header.format);
            uint8_t *bitmaps = malloc(header.rows * row_bytes);
            void *values = malloc(room * 8 + 8);
            error = flexdpu_unpack(data, asked[1], asked[0], &header, bitmaps, header.rows * row_bytes, values, room);
            if (!error)
                error = flexdpu_pack(&header, bitmaps, values, asked[0], out, asked[1], &length);
            if (!error && room && flexdpu_unpack(data, asked[1], asked[0], &header, bitmaps, header.rows * row_bytes,
                                                 values, room - 1) != FLEXDPU_NO_ROOM)
                error = 99;
            if (!error && length && flexdpu_pack(&header, bitmaps, values, asked[0], out, length - 1, &length) != FLEXDPU_NO_ROOM)
                error = 98;
            if (!error && header.kind != FLEXDPU_RESULT && header.kind != FLEXDPU_REGOR) {
                uint8_t *dense = calloc(cells, bytes);
                size_t next = 0;
                unsigned bits = flexdpu_format_bits(header.format);
                for (uint32_t row = 0; row < header.rows; row++)
                    for (uint32_t column = 0; column < header.columns; column++)
                        if (flexdpu_bit(bitmaps + row * row_bytes, column))
                            flexdpu_set_value(dense, (size_t)row * header.columns + column, bits,
                                              flexdpu_get_value(values, next++, bits));
                header.values = (uint32_t)flexdpu_compress(dense, header.rows, header.columns, header.format, bitmaps, values);
                free(dense);
            }
            if (!error)
                error = flexdpu_pack(&header, bitmaps, values, asked[0], out, asked[1], &length);
            give((uint32_t)error, out, error ? 0 : (uint32_t)length);
            free(bitmaps);
            free(values);
        }
        free(data);
        free(out);
    }
    return 0;
}
