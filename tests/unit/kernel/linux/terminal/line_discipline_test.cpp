#include "kernel/linux/terminal/line_discipline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace spore::linux::terminal {
namespace {

class LineDisciplineTest : public testing::Test, protected Effects {
protected:
    void show(ByteSpan bytes) override { shown.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }
    void signal(i32 number) override { signals.push_back(number); }
    void hold_output(bool hold) override { held = hold; }

    void type(std::string_view text) {
        for (char c : text) discipline.type(static_cast<u8>(c), *this);
    }
    std::string read(std::size_t size = 100) {
        std::string text(size, '?');
        text.resize(discipline.read(std::as_writable_bytes(std::span(text))));
        return text;
    }
    void make_raw() {
        auto settings = discipline.settings();
        settings.local &= ~u32{canonical | echo | LocalFlag::signals};
        settings.input &= ~u32{return_to_newline | flow_control};
        discipline.change(settings);
    }

    LineDiscipline discipline;
    std::string shown;
    std::vector<i32> signals;
    bool held = false;
};

TEST_F(LineDisciplineTest, GivesWholeLinesOneAtATime) {
    type("ab");
    EXPECT_EQ(discipline.readable(), 0u);
    type("c\rsecond\n");
    EXPECT_EQ(read(), "abc\n");
    EXPECT_EQ(read(3), "sec");
    EXPECT_EQ(read(), "ond\n");
    EXPECT_EQ(shown, "abc\nsecond\n");
}

TEST_F(LineDisciplineTest, ErasesCharactersWordsAndLines) {
    type("abx\x7f" "c one two\x17" "three\n");
    EXPECT_EQ(read(), "abc one three\n");
    type("gone\x15kept\n");
    EXPECT_EQ(read(), "kept\n");
    auto settings = discipline.settings();
    settings.input |= utf8;
    discipline.change(settings);
    type("\x7f\x7fü\x7f!\n");
    EXPECT_EQ(read(), "!\n");
}

TEST_F(LineDisciplineTest, EndsTheFileAtTheStartOfALineOnly) {
    type("part\x04");
    EXPECT_EQ(read(), "part");
    type("\x04");
    EXPECT_EQ(discipline.readable(), 1u);
    EXPECT_EQ(read(), "");
    EXPECT_EQ(discipline.readable(), 0u);
}

TEST_F(LineDisciplineTest, TakesTheNextCharacterLiterally) {
    type("\x16\x03\n");
    EXPECT_EQ(read(), "\x03\n");
    EXPECT_TRUE(signals.empty());
}

TEST_F(LineDisciplineTest, SendsSignalsAndDropsWhatWasTyped) {
    type("half\x03" "whole\n");
    EXPECT_EQ(signals, std::vector<i32>{2});
    EXPECT_EQ(read(), "whole\n");
    EXPECT_EQ(shown, "half^Cwhole\n");
    type("\x1c\x1a");
    EXPECT_EQ(signals, (std::vector<i32>{2, 3, 20}));
}

TEST_F(LineDisciplineTest, HoldsOutput) {
    type("\x13");
    EXPECT_TRUE(held);
    type("\x11");
    EXPECT_FALSE(held);
    type("\x13\x03");  // a signal lets it go on
    EXPECT_FALSE(held);
}

TEST_F(LineDisciplineTest, GivesEveryByteWhenRaw) {
    type("typed");
    make_raw();
    EXPECT_EQ(read(), "typed");
    shown.clear();
    type("\x03\r\x04\x7f");
    EXPECT_EQ(read(), "\x03\r\x04\x7f");
    EXPECT_EQ(shown, "");
    EXPECT_TRUE(signals.empty());
}

TEST_F(LineDisciplineTest, KeepsWithinItsRoom) {
    type(std::string(5000, 'x'));
    type("\n");
    auto line = read(10000);
    EXPECT_EQ(line.size(), 4096u);
    EXPECT_EQ(line.back(), '\n');
    make_raw();
    type(std::string(10000, 'y'));
    EXPECT_EQ(discipline.readable(), 4096u);
}

}  // namespace
}  // namespace spore::linux::terminal
