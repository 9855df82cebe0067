#include "wire/fdt.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/fdt_key.hpp"

namespace spore::wire::fdt {
namespace {

using Bytes = std::vector<std::byte>;

void append_word(Bytes& bytes, u32 word) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(word >> shift));
}
void append_text(Bytes& bytes, std::string_view text) {
    for (char c : text) bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(std::byte{0});
    while (bytes.size() % 4) bytes.push_back(std::byte{0});
}

/// Writes a tree as its text reads.
class Builder {
public:
    Builder& begin(std::string_view name) { append_word(structure, 1), append_text(structure, name); return *this; }
    Builder& end() { append_word(structure, 2); return *this; }
    Builder& nop() { append_word(structure, 4); return *this; }
    Builder& property(std::string_view name, const Bytes& value) {
        append_word(structure, 3);
        append_word(structure, static_cast<u32>(value.size()));
        append_word(structure, static_cast<u32>(strings.size()));
        for (char c : name) strings.push_back(static_cast<std::byte>(c));
        strings.push_back(std::byte{0});
        structure.insert(structure.end(), value.begin(), value.end());
        while (structure.size() % 4) structure.push_back(std::byte{0});
        return *this;
    }
    Builder& words(std::string_view name, std::initializer_list<u32> values) {
        Bytes bytes;
        for (u32 value : values) append_word(bytes, value);
        return property(name, bytes);
    }
    Builder& text(std::string_view name, std::string_view value) {
        Bytes bytes;
        for (char c : value) bytes.push_back(static_cast<std::byte>(c));
        bytes.push_back(std::byte{0});
        return property(name, bytes);
    }
    Builder& reserve(u32 address, u32 size) {
        for (u32 word : {0u, address, 0u, size}) append_word(reservations, word);
        return *this;
    }
    Bytes blob() const {
        Bytes body = structure, out;
        append_word(body, 9);
        Bytes map = reservations;
        for (int i = 0; i < 4; ++i) append_word(map, 0);
        auto map_at = 40u, body_at = map_at + static_cast<u32>(map.size()), strings_at = body_at + static_cast<u32>(body.size());
        for (u32 word : {0xd00dfeedu, strings_at + static_cast<u32>(strings.size()), body_at, strings_at, map_at, 17u, 16u, 0u,
                         static_cast<u32>(strings.size()), static_cast<u32>(body.size())})
            append_word(out, word);
        for (auto* part : std::initializer_list<const Bytes*>{&map, &body, &strings}) out.insert(out.end(), part->begin(), part->end());
        return out;
    }

    Bytes structure, strings, reservations;
};

Builder machine() {
    Builder b;
    b.reserve(0x4000'0000, 0x1000);
    b.begin("").words("#address-cells", {2}).words("#size-cells", {2});
    b.begin("memory@40000000").text("device_type", "memory").words("reg", {0, 0x4000'0000, 0, 0x800'0000, 1, 0, 0, 0x1000}).end();
    b.nop().begin("cpus").words("#address-cells", {1}).words("#size-cells", {0});
    b.begin("cpu@1").words("reg", {1}).text("status", "disabled").end().end();
    b.begin("uart").text("compatible", std::string_view("arm,pl011\0arm,primecell", 23)).words("reg", {0, 0x900'0000, 0, 0x1000}).end();
    b.begin("chosen").words("linux,initrd-start", {0x4800'0000}).words("linux,initrd-end", {0, 0x4900'0000}).text("bootargs", "cpus=2").end();
    b.end();
    return b;
}

std::optional<Node> find(const Tree& tree, std::string_view name) {
    Walk walk(tree);
    while (auto node = walk.next())
        if (node->name() == name) return node;
    return std::nullopt;
}

TEST(Fdt, NodesComeInTheDocumentsOrder) {
    auto blob = machine().blob();
    auto tree = Tree::parse(blob);
    ASSERT_TRUE(tree);
    std::vector<std::pair<std::string, u32>> seen;
    Walk walk(*tree);
    while (auto node = walk.next()) seen.emplace_back(node->name(), node->depth());
    EXPECT_EQ(seen, (std::vector<std::pair<std::string, u32>>{{"", 0}, {"memory@40000000", 1}, {"cpus", 1}, {"cpu@1", 2}, {"uart", 1}, {"chosen", 1}}));
}

TEST(Fdt, RegionsAreReadInTheParentsCells) {
    auto blob = machine().blob();
    auto tree = Tree::parse(blob);
    ASSERT_TRUE(tree);
    auto memory = find(*tree, "memory@40000000");
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->region(0)->address, 0x4000'0000u);
    EXPECT_EQ(memory->region(0)->size, 0x800'0000u);
    EXPECT_EQ(memory->region(1)->address, u64{1} << 32);
    EXPECT_FALSE(memory->region(2));
    auto cpu = find(*tree, "cpu@1");
    EXPECT_EQ(cpu->cells().address, 1u);
    EXPECT_EQ(cpu->region(0)->address, 1u);
    EXPECT_EQ(cpu->region(0)->size, 0u);
}

TEST(Fdt, PropertiesAreNumbersTextsAndLists) {
    auto blob = machine().blob();
    auto tree = Tree::parse(blob);
    auto chosen = find(*tree, "chosen");
    EXPECT_EQ(chosen->number("linux,initrd-start"), 0x4800'0000u);
    EXPECT_EQ(chosen->number("linux,initrd-end"), 0x4900'0000u);
    EXPECT_EQ(chosen->text("bootargs"), "cpus=2");
    EXPECT_FALSE(chosen->number("bootargs"));
    EXPECT_FALSE(chosen->property("none"));
    auto uart = find(*tree, "uart");
    EXPECT_TRUE(uart->compatible() == "arm,pl011");
    EXPECT_TRUE(uart->compatible() == "arm,primecell");
    EXPECT_FALSE(uart->compatible() == "arm,pl0");
    EXPECT_FALSE(chosen->compatible() == "");
    EXPECT_TRUE(uart->enabled());
    EXPECT_FALSE(find(*tree, "cpu@1")->enabled());
}

TEST(Fdt, ReservationsEndAtTheEmptyOne) {
    auto blob = machine().blob();
    auto tree = Tree::parse(blob);
    ASSERT_TRUE(tree->reserved(0));
    EXPECT_EQ(tree->reserved(0)->size, 0x1000u);
    EXPECT_FALSE(tree->reserved(1));
}

TEST(Fdt, ATreeCanMove) {
    auto blob = machine().blob();
    auto tree = Tree::parse(blob);
    Bytes copy = blob;
    auto moved = tree->seen_at(copy.data());
    std::fill(blob.begin(), blob.end(), std::byte{0xff});
    EXPECT_EQ(find(moved, "chosen")->text("bootargs"), "cpus=2");
    EXPECT_TRUE(moved.reserved(0));
}

TEST(Fdt, SpaceBehindTheTreeIsNotUsed) {
    auto blob = machine().blob();
    auto used = blob.size();
    blob.resize(4096);
    blob[6] = std::byte{4096 >> 8}, blob[7] = std::byte{0};
    auto tree = Tree::parse(blob);
    ASSERT_TRUE(tree);
    EXPECT_EQ(Tree::claimed_size(blob), 4096u);
    EXPECT_EQ(tree->used_size(), used);
}

TEST(Fdt, DamagedTreesAreRefused) {
    auto good = machine().blob();
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(Tree::parse(ByteSpan(good).first(size))) << size;
    auto other_magic = good;
    other_magic[0] = std::byte{0};
    EXPECT_FALSE(Tree::parse(other_magic));
    EXPECT_EQ(Tree::claimed_size(other_magic), 0u);

    Builder unclosed = machine();
    unclosed.structure.resize(unclosed.structure.size() - 4);
    EXPECT_FALSE(Tree::parse(unclosed.blob()));
    Builder closed_twice = machine();
    closed_twice.end();
    EXPECT_FALSE(Tree::parse(closed_twice.blob()));
    Builder two_roots = machine();
    two_roots.begin("").end();
    EXPECT_FALSE(Tree::parse(two_roots.blob()));
    Builder deep;
    for (u32 i = 0; i <= Tree::max_depth; ++i) deep.begin("n");
    for (u32 i = 0; i <= Tree::max_depth; ++i) deep.end();
    EXPECT_FALSE(Tree::parse(deep.blob()));
    Builder nameless = machine();
    nameless.strings.pop_back();  // the last name does not end
    EXPECT_FALSE(Tree::parse(nameless.blob()));
}

/// As QEMU's virt has it, with what may differ.
struct KeyTree {
    std::string_view keys = "gpio-keys", controller = "arm,pl061", status = "okay";
    u32 code = 116, pin = 3, flags = 0, phandle = 7;
    Bytes blob() const {
        Builder b;
        b.begin("").words("#address-cells", {2}).words("#size-cells", {2});
        b.begin("keys").text("compatible", keys);
        b.begin("other").words("gpios", {7, 5, 0}).words("linux,code", {30}).end();
        b.begin("poweroff").words("gpios", {phandle, pin, flags}).words("linux,code", {code}).end().end();
        b.begin("stranger").words("gpios", {7, 1, 0}).words("linux,code", {116}).end();
        b.begin("pl061@9030000").words("phandle", {7}).words("interrupts", {0, 7, 4}).text("status", status).text("compatible", controller);
        b.words("reg", {0, 0x903'0000, 0, 0x1000}).end().end();
        return b.blob();
    }
};

TEST(Fdt, FindsThePowerKey) {
    auto blob = KeyTree().blob();
    auto key = find_power_key(*Tree::parse(blob));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->controller, 0x903'0000u);
    EXPECT_EQ(read_cells(key->interrupts, 4, 1), 7u);
    EXPECT_EQ(key->pin, 3);
    EXPECT_FALSE(key->active_low);
    auto low = KeyTree{.flags = 1}.blob();
    EXPECT_TRUE(find_power_key(*Tree::parse(low))->active_low);
}

TEST(Fdt, OtherKeysTurnNothingOff) {
    for (auto& tree : {KeyTree{.keys = "gpio-leds"}, KeyTree{.controller = "nxp,pca9535"}, KeyTree{.status = "disabled"}, KeyTree{.code = 115}, KeyTree{.pin = 8}, KeyTree{.phandle = 8}}) {
        auto blob = tree.blob();
        EXPECT_FALSE(find_power_key(*Tree::parse(blob)));
    }
    auto blob = machine().blob();
    EXPECT_FALSE(find_power_key(*Tree::parse(blob)));
    EXPECT_FALSE(find_power_key(Tree()));
}

}  // namespace
}  // namespace spore::wire::fdt
