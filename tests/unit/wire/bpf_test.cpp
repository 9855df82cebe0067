// Filters' programs: which may run. What they do when they run is compared with Linux (system/events/filters) and with another interpreter (fuzz-bpf).
#include "wire/net/bpf.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spore::wire {
namespace {

using bpf::Instruction;
using Program = std::vector<Instruction>;

bool may_run(const Program& program) {
    std::vector<u16> reached(program.size());
    return bpf::check(program, reached).has_value();
}
constexpr Instruction done{bpf::ret | bpf::k, 0, 0, 1};

class Bytes final : public bpf::Subject {
public:
    explicit Bytes(std::vector<u8> bytes) : bytes_(std::move(bytes)) {}
    u32 size() const override { return static_cast<u32>(bytes_.size()); }
    bool read(From from, u32 offset, MutableByteSpan into) const override {
        if (from != From::shown || u64{offset} + into.size() > bytes_.size()) return false;
        std::memcpy(into.data(), bytes_.data() + offset, into.size());
        return true;
    }
    std::optional<u32> fact(bpf::Fact which) const override { return which == bpf::Fact::kind ? std::optional(4u) : std::nullopt; }

private:
    std::vector<u8> bytes_;
};

TEST(Bpf, HasAnEndAndALength) {
    EXPECT_FALSE(may_run({}));
    EXPECT_TRUE(may_run({done}));
    EXPECT_FALSE(may_run({{bpf::ld | bpf::imm, 0, 0, 1}})) << "runs on behind its end";
    EXPECT_TRUE(may_run(Program(bpf::most_instructions, done)));
    EXPECT_FALSE(may_run(Program(bpf::most_instructions + 1, done)));
    std::vector<u16> little(1);
    EXPECT_FALSE(bpf::check(Program(2, done), little)) << "no room to look at it";
}

TEST(Bpf, JumpsForwardAndNotOutOfTheProgram) {
    EXPECT_TRUE(may_run({{bpf::jmp | bpf::ja, 0, 0, 1}, done, done}));
    EXPECT_FALSE(may_run({{bpf::jmp | bpf::ja, 0, 0, 2}, done, done}));
    EXPECT_FALSE(may_run({{bpf::jmp | bpf::ja, 0, 0, ~0u}, done, done})) << "to itself, if numbers wrapped";
    EXPECT_TRUE(may_run({{bpf::jmp | bpf::jset | bpf::x, 1, 0, 0}, done, done}));
    EXPECT_FALSE(may_run({{bpf::jmp | bpf::jset | bpf::x, 2, 0, 0}, done, done}));
    EXPECT_FALSE(may_run({{bpf::jmp | bpf::jset | bpf::x, 0, 255, 0}, done, done}));
}

TEST(Bpf, ReadsOnlyMemoryThatItWroteOnEveryWay) {
    constexpr Instruction write{bpf::st, 0, 0, 3}, read{bpf::ld | bpf::mem, 0, 0, 3}, either{bpf::jmp | bpf::jeq | bpf::k, 0, 1, 0};
    EXPECT_TRUE(may_run({write, read, done}));
    EXPECT_FALSE(may_run({read, done}));
    EXPECT_FALSE(may_run({either, write, read, done})) << "one way leaves out the write";
    EXPECT_TRUE(may_run({write, either, done, read, done}));
    EXPECT_FALSE(may_run({{bpf::stx, 0, 0, bpf::memory_words}, done}));
}

TEST(Bpf, RefusesWhatItDoesNotKnow) {
    EXPECT_FALSE(may_run({{bpf::ld | bpf::msh | bpf::w, 0, 0, 0}, done}));
    EXPECT_FALSE(may_run({{bpf::alu | bpf::div | bpf::k, 0, 0, 0}, done}));
    EXPECT_FALSE(may_run({{bpf::alu | bpf::lsh | bpf::k, 0, 0, 32}, done}));
    for (u32 offset : {12u, 16u, 52u}) EXPECT_FALSE(may_run({{bpf::ld | bpf::abs | bpf::w, 0, 0, bpf::facts_begin + offset}, done})) << offset << ": Linux knows it";
    EXPECT_FALSE(may_run({{bpf::ld | bpf::abs | bpf::w, 0, 0, bpf::facts_begin + 1}, done}));
}

TEST(Bpf, WantsNothingOfAPacketThatItCannotReadOrDivideBy) {
    Bytes packet({1, 2, 3, 4, 5});
    auto run = [&](const Instruction& first, const Instruction& second = {bpf::alu | bpf::or_ | bpf::k, 0, 0, 0}) {
        Program program{first, second, {bpf::ret | bpf::a, 0, 0, 0}};
        EXPECT_TRUE(may_run(program));
        return bpf::run(program, packet);
    };
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::w, 0, 0, 1}), 0x02030405u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::w, 0, 0, 2}), 0u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::h, 0, 0, 3}), 0x0405u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::h, 0, 0, 0x7fffffff}), 0u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::b, 0, 0, bpf::link_begin}), 0u) << "it has no such header";
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::b, 0, 0, bpf::link_begin - 1}), 0u);
    EXPECT_EQ(run({bpf::ld | bpf::len, 0, 0, 0}), 5u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::w, 0, 0, bpf::facts_begin + 4}), 4u);
    EXPECT_EQ(run({bpf::ld | bpf::abs | bpf::w, 0, 0, bpf::facts_begin + 8}), 0u);
    EXPECT_EQ(run({bpf::ld | bpf::imm, 0, 0, 7}, {bpf::alu | bpf::div | bpf::x, 0, 0, 0}), 0u);
    EXPECT_EQ(run({bpf::ld | bpf::imm, 0, 0, 7}, {bpf::alu | bpf::lsh | bpf::k, 0, 0, 31}), 1u << 31);
}

}  // namespace
}  // namespace spore::wire
