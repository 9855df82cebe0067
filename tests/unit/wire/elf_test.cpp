#include "wire/elf.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/elf_builder.hpp"
#include "wire/elf_dynamic.hpp"

namespace spore::wire::elf {
namespace {

using fakes::ElfBuilder;

ByteSpan span_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::expected<ProgramHeaders, Problem> read(const std::string& file) {
    auto header = parse_header(span_of(file));
    if (!header) return std::unexpected(header.error());
    auto table = slice(span_of(file), header->table_offset, header->table_size());
    return ProgramHeaders::parse(*header, table.value_or(ByteSpan{}), file.size());
}

/// What a correct two-segment file becomes after `size` bytes at `offset` are overwritten.
std::expected<ProgramHeaders, Problem> read_damaged(u64 offset, u64 value, int size) {
    auto file = ElfBuilder().load(0x400000, "code").load(0x402010, "data", 0x3000, 6).build();
    ElfBuilder::put(file, offset, value, size);
    return read(file);
}

TEST(Elf, ReadsSegments) {
    auto file = ElfBuilder().load(0x400000, "code").load(0x402010, "data", 0x3000, 6).build();
    auto headers = read(file);
    ASSERT_TRUE(headers);
    EXPECT_EQ(headers->load_begin(), 0x400000u);
    EXPECT_EQ(headers->load_end(), 0x406000u);
    EXPECT_EQ(headers->load_alignment(), page_size);
    auto segment = (*headers)[1];
    EXPECT_EQ(segment.address, 0x402010u);
    EXPECT_EQ(segment.file_size, 4u);
    EXPECT_EQ(segment.memory_size, 0x3000u);
    EXPECT_TRUE(segment.writable());
    EXPECT_FALSE(segment.executable());
    EXPECT_EQ(headers->offset_of(0x402012, 2), segment.offset + 2);
    EXPECT_EQ(headers->offset_of(0x402012, 3), std::nullopt);
}

TEST(Elf, ReadsInterpreter) {
    auto file = ElfBuilder().load(0x400000, "code").interpreter("/lib/ld.so").build();
    auto headers = read(file);
    ASSERT_TRUE(headers);
    auto segment = headers->find(SegmentType::interpreter);
    ASSERT_TRUE(segment);
    EXPECT_EQ(interpreter_path(*slice(span_of(file), segment->offset, segment->file_size)), "/lib/ld.so");
}

TEST(Elf, TellsWhatAFileIs) {
    auto good = ElfBuilder().load(0x400000, "code").build();
    EXPECT_EQ(parse_header(span_of(std::string("#!/bin/sh"))).error(), Problem::not_elf);
    EXPECT_EQ(parse_header(span_of(good.substr(0, 20))).error(), Problem::truncated);
    EXPECT_EQ(parse_header({}).error(), Problem::not_elf);
    EXPECT_EQ(read(ElfBuilder().load(0x400000, "x").machine(183).build()).error(), Problem::wrong_machine);
    EXPECT_EQ(machine_number(span_of(ElfBuilder().machine(183).build())), 183);
    EXPECT_EQ(read(ElfBuilder().load(0x400000, "x").type(1).build()).error(), Problem::not_a_program);
    EXPECT_EQ(read(ElfBuilder().build()).error(), Problem::no_segments);
    auto narrow = good;
    narrow[4] = 1;
    EXPECT_EQ(parse_header(span_of(narrow)).error(), Problem::not_64_bit);
    auto big = good;
    big[5] = 2;
    EXPECT_EQ(parse_header(span_of(big)).error(), Problem::big_endian);
}

TEST(Elf, TruncationIsFoundAtEveryLength) {
    auto file = ElfBuilder().load(0x400000, "code").load(0x402010, "data").build();
    for (std::size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(read(file.substr(0, size))) << size;
    EXPECT_TRUE(read(file));
}

TEST(Elf, RefusesDamagedTables) {
    constexpr u64 first = 64, second = 64 + 56;
    EXPECT_TRUE(read_damaged(0, 0x7f, 1));
    EXPECT_EQ(read_damaged(54, 55, 2).error(), Problem::bad_program_headers);
    EXPECT_EQ(read_damaged(56, 0xffff, 2).error(), Problem::bad_program_headers);
    EXPECT_EQ(read_damaged(32, u64(-1), 8).error(), Problem::bad_program_headers);
    EXPECT_EQ(read_damaged(32, 0x100000, 8).error(), Problem::truncated);
    EXPECT_EQ(read_damaged(second + 8, u64(-0x1000) + 0x10, 8).error(), Problem::segment_outside_file);
    EXPECT_EQ(read_damaged(second + 8, 0x2000, 8).error(), Problem::bad_segment) << "place in the page differs";
    EXPECT_EQ(read_damaged(second + 16, u64(-0x1000) + 0x10, 8).error(), Problem::bad_segment);
    EXPECT_EQ(read_damaged(second + 16, 0x3ff010, 8).error(), Problem::segments_out_of_order);
    EXPECT_EQ(read_damaged(second + 32, u64(-1), 8).error(), Problem::bad_segment) << "more in the file than in memory";
    EXPECT_EQ(read_damaged(second + 40, u64(-1), 8).error(), Problem::bad_segment);
    EXPECT_EQ(read_damaged(second + 40, 2, 8).error(), Problem::bad_segment);
    EXPECT_EQ(read_damaged(second + 48, 3000, 8).error(), Problem::bad_segment) << "alignment is no power of two";
    EXPECT_EQ(read_damaged(first + 40, 0x4000, 8).error(), Problem::segments_out_of_order) << "overlap";
}

TEST(Elf, InterpreterMustBeAPath) {
    EXPECT_FALSE(interpreter_path({}));
    EXPECT_FALSE(interpreter_path(span_of("/lib/ld.so")));
    EXPECT_FALSE(interpreter_path(span_of(std::string("relative\0", 9))));
    EXPECT_EQ(read(ElfBuilder().load(0x400000, "x").interpreter(std::string(5000, 'a')).build()).error(), Problem::bad_interpreter);
}

namespace {

std::string word(u32 value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

std::string property_note(const std::string& properties, u32 type = 5) {
    return word(4) + word(static_cast<u32>(properties.size())) + word(type) + std::string("GNU", 4) + properties;
}

std::string property(u32 type, u32 value) { return word(type) + word(4) + word(value) + word(0); }

}  // namespace

TEST(ElfProperties, TellWhetherBranchTargetsAreMarked) {
    constexpr u32 features = 0xc000'0000, other = 0xc000'0001;
    EXPECT_EQ(marks_branch_targets(span_of(property_note(property(features, 3)))), true);
    EXPECT_EQ(marks_branch_targets(span_of(property_note(property(features, 2)))), false);
    EXPECT_EQ(marks_branch_targets(span_of(property_note(property(other, 1)))), false);
    EXPECT_EQ(marks_branch_targets(span_of(property_note(property(1, 0) + property(features, 1)))), true);
    EXPECT_EQ(marks_branch_targets(span_of(property_note(""))), false);

    auto note = property_note(property(features, 1));
    for (std::size_t size = 0; size < note.size(); ++size) EXPECT_FALSE(marks_branch_targets(span_of(note.substr(0, size))));
    EXPECT_FALSE(marks_branch_targets(span_of(property_note(property(features, 1), 1))));
    EXPECT_FALSE(marks_branch_targets(span_of(property_note(word(features) + word(8) + word(1) + word(0)))));
    EXPECT_FALSE(marks_branch_targets(span_of(property_note(word(features) + word(0xffff'fff8) + word(1) + word(0)))));
}

TEST(ElfDynamic, NamesLibrariesAndPaths) {
    auto file = ElfBuilder().load(0x1000, "code").dynamic(0x3000, {"libm.so.6", "libc.so.6"}, "$ORIGIN/../lib").type(3).build();
    auto headers = read(file);
    ASSERT_TRUE(headers);
    auto dynamic = Dynamic::parse(span_of(file), *headers);
    ASSERT_TRUE(dynamic);
    std::vector<std::string> needed;
    dynamic->for_each_needed([&](std::string_view name) { needed.emplace_back(name); });
    EXPECT_EQ(needed, (std::vector<std::string>{"libm.so.6", "libc.so.6"}));
    EXPECT_EQ(dynamic->runpath(), "$ORIGIN/../lib");
    EXPECT_EQ(dynamic->rpath(), std::nullopt);
}

TEST(ElfDynamic, StaticFilesHaveNone) {
    auto file = ElfBuilder().load(0x1000, "code").build();
    auto dynamic = Dynamic::parse(span_of(file), *read(file));
    ASSERT_TRUE(dynamic);
    EXPECT_TRUE(dynamic->empty());
}

TEST(ElfDynamic, RefusesStringsOutsideTheTable) {
    auto file = ElfBuilder().load(0x1000, "code").dynamic(0x3000, {"libc.so.6"}).type(3).build();
    auto headers = read(file);
    auto offset = headers->find(SegmentType::dynamic)->offset;
    auto outside = file;
    ElfBuilder::put(outside, offset + 8, 4000, 8);
    EXPECT_EQ(Dynamic::parse(span_of(outside), *headers).error(), Problem::bad_dynamic);
    auto far = file;
    ElfBuilder::put(far, offset + 16 + 8, 0x100000, 8);
    EXPECT_EQ(Dynamic::parse(span_of(far), *headers).error(), Problem::bad_dynamic);
    auto unterminated = file;
    unterminated.back() = 'x';
    EXPECT_EQ(Dynamic::parse(span_of(unterminated), *headers).error(), Problem::bad_dynamic);
}

}  // namespace
}  // namespace spore::wire::elf
