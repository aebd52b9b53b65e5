// Drives arrays of values through a block and collects its outputs; see cosim.py, which writes the macros
// HAS_CLOCK, SET_RESET, INPUTS and OUTPUTS above this text.
//
// Arguments: rows to return, rows to drop before them, cycles in reset, then for each input its number of rows,
// then for each output 1 if it is wanted. Reads `inputs` and writes `outputs`: columns one after another.
//
// A port of a Verilator model is an unsigned integer or an array of 32-bit words, least significant first: on the
// little-endian machines that Verilator supports, its bytes are those of the arrays.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t* map_file(const char* name, size_t size, bool writing) {
    const int file = open(name, writing ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0600);
    if (file < 0 || (writing && ftruncate(file, static_cast<off_t>(size)) != 0)) {
        std::perror(name);
        std::exit(2);
    }
    if (size == 0) return nullptr;
    void* const data = mmap(nullptr, size, writing ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
    if (data == MAP_FAILED) {
        std::perror(name);
        std::exit(2);
    }
    close(file);
    return static_cast<uint8_t*>(data);
}

static void cycle(Vtop& dut) {
#if HAS_CLOCK
    dut.clk = 1;
    dut.eval();
    dut.clk = 0;
#else
    (void)dut;
#endif
}

int main(int argc, char** argv) {
    if (argc != 4 + INPUTS_COUNT + OUTPUTS_COUNT) return 2;
    const long rows = std::atol(argv[1]);
    const long drop = std::atol(argv[2]);
    const long reset_cycles = std::atol(argv[3]);
    long counts[INPUTS_COUNT + 1] = {};
    bool wanted[OUTPUTS_COUNT + 1] = {};
    for (int i = 0; i < INPUTS_COUNT; ++i) counts[i] = std::atol(argv[4 + i]);
    for (int i = 0; i < OUTPUTS_COUNT; ++i) wanted[i] = argv[4 + INPUTS_COUNT + i][0] == '1';

    size_t bytes = 0;
#define X(index, port, size) bytes += size_t{size} * counts[index];
    INPUTS
#undef X
    const uint8_t* from = map_file("inputs", bytes, false);
    bytes = 0;
#define X(index, port, size) bytes += wanted[index] ? size_t{size} * rows : 0;
    OUTPUTS
#undef X
    uint8_t* to = map_file("outputs", bytes, true);
    const uint8_t* sources[INPUTS_COUNT + 1] = {};
    uint8_t* targets[OUTPUTS_COUNT + 1] = {};
#define X(index, port, size) sources[index] = from, from += size_t{size} * counts[index];
    INPUTS
#undef X
#define X(index, port, size) targets[index] = to, to += wanted[index] ? size_t{size} * rows : 0;
    OUTPUTS
#undef X

    VerilatedContext context;
    Vtop dut{&context};
#if HAS_CLOCK
    dut.clk = 0;
#endif
#define X(index, port, size) std::memset(&port, 0, sizeof(port));
    INPUTS
#undef X
    SET_RESET(1);
    dut.eval();
    for (long i = 0; i < reset_cycles; ++i) {
        cycle(dut);
        dut.eval();
    }
    SET_RESET(0);
    for (long row = 0; row < rows + drop; ++row) {
#define X(index, port, size) \
    if (row < counts[index]) std::memcpy(&port, sources[index] + row * size, size);
        INPUTS
#undef X
        dut.eval();
        if (row >= drop) {
#define X(index, port, size) \
    if (wanted[index]) std::memcpy(targets[index] + (row - drop) * size, &port, size);
            OUTPUTS
#undef X
        }
        cycle(dut);
        if (context.gotError() || context.gotFinish()) return 3;
    }
    dut.final();
    return 0;
}
