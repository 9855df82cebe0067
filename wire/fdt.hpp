// Flattened device trees [devicetree 0.4, chapter 5], checked as a whole before use, so that walks over them cannot fail.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::wire::fdt {

/// How many 32-bit cells an address and a size take below a node [devicetree 2.3.5].
struct Cells {
    u32 address = 2, size = 1;
};
struct Region {
    u64 address = 0, size = 0;
};

/// The names in a node's `compatible` property, most specific first [devicetree 2.3.1].
class Compatible {
public:
    constexpr Compatible() = default;
    explicit Compatible(ByteSpan list) : list_(reinterpret_cast<const char*>(list.data()), list.size()) {}
    bool operator==(std::string_view name) const;

private:
    std::string_view list_;
};

/// One node of a tree: its name and its properties.
class Node {
public:
    /// With the unit address, as "memory@40000000"; the root's is empty.
    std::string_view name() const { return name_; }
    /// 0 for the root.
    u32 depth() const { return depth_; }

    std::optional<ByteSpan> property(std::string_view name) const;
    /// A property that holds one number of one or two cells.
    std::optional<u64> number(std::string_view name) const;
    /// A property's text up to its first zero.
    std::optional<std::string_view> text(std::string_view name) const;
    /// Equal to each name in it.
    Compatible compatible() const;
    /// No `status`, or one that allows use [devicetree 2.3.4].
    bool enabled() const;
    /// Entry `index` of `reg`, in the bus's own addresses.
    std::optional<Region> region(u32 index) const;
    /// Cells of the parent: those that this node's `reg` is written in.
    Cells cells() const { return cells_; }

private:
    friend class Walk;
    std::string_view name_;
    u32 depth_ = 0;
    Cells cells_;
    ByteSpan properties_, strings_;
};

/// `cells` 32-bit words at `offset` as one number; nothing when they leave the bytes or are more than two.
std::optional<u64> read_cells(ByteSpan bytes, u64 offset, u32 cells);

class Tree {
public:
    static constexpr u32 max_depth = 16, max_size = 2 << 20;

    /// Without a node.
    constexpr Tree() = default;
    /// The size that the header at the start of `bytes` (40 or more) claims; 0 when it is none.
    static u64 claimed_size(ByteSpan bytes);
    static std::optional<Tree> parse(ByteSpan bytes);
    /// The same tree, seen at another address.
    Tree seen_at(const std::byte* start) const;

    /// Bytes up to the end of what the tree uses; the claimed size may reserve more.
    u64 used_size() const { return used_; }
    /// Entry `index` of the list of memory that must be left alone; nothing behind the last.
    std::optional<Region> reserved(u32 index) const;

private:
    friend class Walk;
    ByteSpan bytes_, structure_, strings_;
    u64 reservations_ = 0, used_ = 0;
};

/// All nodes in the order of the document: parents before their children.
class Walk {
public:
    explicit Walk(const Tree& tree) : rest_(tree.structure_), strings_(tree.strings_) {}
    std::optional<Node> next();

private:
    friend class Tree;
    enum class Step : u8 { node, end, damaged };
    Step step(Node& node);
    bool read_properties(Node& node);

    ByteSpan rest_, strings_;
    u32 depth_ = 0;  ///< nodes that are open
    Cells cells_[Tree::max_depth + 1]{};
    bool ended_ = false;
};

}  // namespace spore::wire::fdt
