// Streams beats through a design; see streams.py, which writes above this text the macros
//   HAS_RESET, INPUTS_COUNT, OUTPUTS_COUNT
//   INPUTS   X(index, name, bytes, mask)  for each input stream; mask: valid bits of the last byte of its data
//   OUTPUTS  X(index, name, bytes)        for each output stream
//   CONSTANTS, SAMPLES  X(name, bytes)    for each input and output port outside of streams
//
// Reads `job`, numbers separated by white space: seed, cycles in reset, limit of idle cycles, cycles to stay quiet at
// the end, then for each input stream its number of beats and for each output stream the number of expected beats
// (−1: any), both followed by the probability of a pause in units of 2^−32; `constants`, and for each input stream
// its beats in `input<k>.data` and `input<k>.last`. Writes `output<k>.*`, `input<k>.cycles`, `samples` and `result`.
//
// With pauses a sink leaves a quarter of the beats waiting until it has seen their valid.
//
// A cycle: drive inputs, let outputs settle, look at them, rise. Cycle 0 is the first without reset.

static std::vector<uint8_t> read_file(const std::string& name) {
    std::vector<uint8_t> bytes;
    FILE* const file = std::fopen(name.c_str(), "rb");
    if (!file || std::fseek(file, 0, SEEK_END) != 0) std::perror(name.c_str()), std::exit(2);
    bytes.resize(static_cast<size_t>(std::ftell(file)));
    std::rewind(file);
    if (std::fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) std::perror(name.c_str()), std::exit(2);
    std::fclose(file);
    return bytes;
}

template <class T>
static void write_file(const std::string& name, const std::vector<T>& values) {
    FILE* const file = std::fopen(name.c_str(), "wb");
    if (!file || std::fwrite(values.data(), sizeof(T), values.size(), file) != values.size() || std::fclose(file)) {
        std::perror(name.c_str());
        std::exit(2);
    }
}

// xorshift64*: a stream of its own for each port, so that one port's pauses do not depend on another's traffic.
struct Pauses {
    uint64_t state = 1;
    uint64_t threshold = 0;
    bool pause() {
        if (threshold == 0) return false;
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return ((state * 0x2545F4914F6CDD1DULL) >> 32) < threshold;
    }
};

struct Input {
    std::vector<uint8_t> data, last;
    std::vector<uint64_t> cycles;
    size_t count = 0, next = 0;
    bool valid = false;
    Pauses pauses;
};

struct Output {
    std::vector<uint8_t> data, last, samples, held;
    std::vector<uint64_t> cycles;
    long expected = -1;
    bool ready = false, stalled = false, held_last = false;
    bool waiting = false;  // for valid, before it becomes ready
    Pauses pauses, waits;
    bool full() const { return expected >= 0 && cycles.size() >= static_cast<size_t>(expected); }
};

static void append(std::vector<uint8_t>& bytes, const void* port, size_t size) {
    const uint8_t* const from = static_cast<const uint8_t*>(port);
    bytes.insert(bytes.end(), from, from + size);
}

static void sample(Vtop& dut, std::vector<uint8_t>& bytes) {
    (void)dut, (void)bytes;
#define X(name, size) append(bytes, &dut.name, size);
    SAMPLES
#undef X
}

static Input inputs[INPUTS_COUNT + 1];
static Output outputs[OUTPUTS_COUNT + 1];

int main() {
    FILE* const job = std::fopen("job", "r");
    unsigned long long seed = 0;
    unsigned long reset_cycles = 0, idle_limit = 0, quiet_cycles = 0;
    if (!job || std::fscanf(job, "%llu %lu %lu %lu", &seed, &reset_cycles, &idle_limit, &quiet_cycles) != 4) return 2;
    for (int k = 0; k < INPUTS_COUNT + OUTPUTS_COUNT; ++k) {
        long count = 0;
        unsigned long long threshold = 0;
        if (std::fscanf(job, "%ld %llu", &count, &threshold) != 2) return 2;
        Pauses& pauses = k < INPUTS_COUNT ? inputs[k].pauses : outputs[k - INPUTS_COUNT].pauses;
        pauses.threshold = threshold;
        pauses.state = (seed + 1) * 0x9E3779B97F4A7C15ULL + static_cast<uint64_t>(k) * 0xD1342543DE82EF95ULL;
        if (pauses.state == 0) pauses.state = 1;
        if (k < INPUTS_COUNT) {
            inputs[k].count = static_cast<size_t>(count);
        } else {
            Output& out = outputs[k - INPUTS_COUNT];
            out.expected = count;
            out.waits.threshold = threshold ? 1ULL << 30 : 0;  // a quarter of the beats
            out.waits.state = ~pauses.state ? ~pauses.state : 1;
            out.waiting = out.waits.pause();
        }
    }
    std::fclose(job);
    for (int k = 0; k < INPUTS_COUNT; ++k) {
        inputs[k].data = read_file("input" + std::to_string(k) + ".data");
        inputs[k].last = read_file("input" + std::to_string(k) + ".last");
        inputs[k].cycles.reserve(inputs[k].count);
    }

    VerilatedContext context;
    Vtop dut{&context};
    const std::vector<uint8_t> constants = read_file("constants");
    const uint8_t* constant = constants.data();
    (void)constant;
    dut.clk = 0;
#if HAS_RESET
    dut.rst = 1;
#endif
#define X(name, bytes) \
    std::memset(&dut.name, 0, sizeof(dut.name)), std::memcpy(&dut.name, constant, bytes), constant += bytes;
    CONSTANTS
#undef X
#define X(index, name, bytes, mask) \
    std::memset(&dut.name##_data, 0, sizeof(dut.name##_data)), dut.name##_valid = 0, dut.name##_last = 0;
    INPUTS
#undef X
#define X(index, name, bytes) outputs[index].held.resize(bytes), dut.name##_ready = 0;
    OUTPUTS
#undef X
    const char* status = "done";
    int culprit = 0;
    for (unsigned long i = 0; i < reset_cycles; ++i) {
        dut.eval();
#if HAS_RESET
#define X(index, name, bytes) \
    if (i > 0 && dut.name##_valid) status = "reset", culprit = index;
        OUTPUTS
#undef X
#endif
        dut.clk = 1;
        dut.eval();
        dut.clk = 0;
    }
#if HAS_RESET
    dut.rst = 0;
#endif

    uint64_t cycle = 0, after_last_move = 0;
    for (; std::strcmp(status, "reset"); ++cycle) {
// Data is junk while valid is low: a design that looks at it then is wrong.
#define X(index, name, bytes, mask)                                                              \
    {                                                                                            \
        Input& in = inputs[index];                                                               \
        if (!in.valid) {                                                                         \
            uint8_t* const data = reinterpret_cast<uint8_t*>(&dut.name##_data);                  \
            if (in.next < in.count && !in.pauses.pause()) {                                      \
                std::memcpy(data, in.data.data() + in.next * bytes, bytes);                      \
                dut.name##_last = in.last[in.next];                                              \
                dut.name##_valid = 1;                                                            \
                in.valid = true;                                                                 \
            } else if (dut.name##_valid) {                                                       \
                for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<uint8_t>(~data[i]);     \
                data[bytes - 1] &= mask;                                                         \
                dut.name##_last = !dut.name##_last;                                              \
                dut.name##_valid = 0;                                                            \
            }                                                                                    \
        }                                                                                        \
    }
        INPUTS
#undef X
#define X(index, name, bytes) \
    dut.name##_ready = outputs[index].ready = !outputs[index].waiting && !outputs[index].pauses.pause();
        OUTPUTS
#undef X
        dut.eval();
        bool moved = false, complete = true;
#define X(index, name, bytes, mask)            \
    {                                          \
        Input& in = inputs[index];             \
        if (in.valid && dut.name##_ready) {    \
            in.cycles.push_back(cycle);        \
            ++in.next;                         \
            in.valid = false;                  \
            moved = true;                      \
        }                                      \
        complete = complete && in.next == in.count; \
    }
        INPUTS
#undef X
#define X(index, name, bytes)                                                                        \
    {                                                                                                \
        Output& out = outputs[index];                                                                \
        if (out.stalled && (!dut.name##_valid || std::memcmp(out.held.data(), &dut.name##_data, bytes) || \
                            out.held_last != static_cast<bool>(dut.name##_last))) {                  \
            status = "changed", culprit = index;                                                     \
            break;                                                                                   \
        }                                                                                            \
        out.stalled = dut.name##_valid && !out.ready;                                                \
        out.waiting = out.waiting && !dut.name##_valid;                                              \
        if (out.stalled) {                                                                           \
            std::memcpy(out.held.data(), &dut.name##_data, bytes);                                   \
            out.held_last = dut.name##_last;                                                         \
        } else if (dut.name##_valid) {                                                               \
            if (out.full()) {                                                                        \
                status = "surplus", culprit = index;                                                 \
                break;                                                                               \
            }                                                                                        \
            append(out.data, &dut.name##_data, bytes);                                               \
            out.last.push_back(dut.name##_last);                                                     \
            out.cycles.push_back(cycle);                                                             \
            sample(dut, out.samples);                                                                \
            out.waiting = out.waits.pause();                                                         \
            moved = true;                                                                            \
        }                                                                                            \
        complete = complete && (out.expected < 0 || out.full());                                     \
    }
        OUTPUTS
#undef X
        if (moved) after_last_move = cycle + 1;
        const uint64_t idle = cycle + 1 - after_last_move;
        if (complete && idle >= quiet_cycles) break;
        if (!complete && idle >= idle_limit) {
            status = "idle";
            break;
        }
        dut.clk = 1;
        dut.eval();
        dut.clk = 0;
        if (context.gotFinish() || context.gotError()) return 3;
        if ((cycle & 0x3ffff) == 0x3ffff) {
            unsigned long long beats = 0;
            for (const Output& out : outputs) beats += out.cycles.size();
            std::printf("progress %llu %llu\n", static_cast<unsigned long long>(cycle + 1), beats);
            std::fflush(stdout);
        }
    }

    std::vector<uint8_t> samples;
    sample(dut, samples);
    dut.final();
    write_file("samples", samples);
    for (int k = 0; k < INPUTS_COUNT; ++k) write_file("input" + std::to_string(k) + ".cycles", inputs[k].cycles);
    for (int k = 0; k < OUTPUTS_COUNT; ++k) {
        const std::string name = "output" + std::to_string(k);
        write_file(name + ".data", outputs[k].data);
        write_file(name + ".last", outputs[k].last);
        write_file(name + ".cycles", outputs[k].cycles);
        write_file(name + ".samples", outputs[k].samples);
    }
    FILE* const result = std::fopen("result", "w");
    if (!result) return 2;
    std::fprintf(result, "%s %d %llu %llu\n", status, culprit, static_cast<unsigned long long>(cycle),
                 static_cast<unsigned long long>(after_last_move));
    return std::fclose(result) ? 2 : 0;
}
