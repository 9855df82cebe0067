// A fixed tree of small text files, written down as a table of paths: /proc/sys, /sys, and the files at /proc's top.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "kernel/fs/dentry.hpp"
#include "kernel/fs/generated/generated.hpp"

namespace spore::linux::proc {

using fs::generated::TextSink;

/// One file. A '#' in its path stands for each running CPU's number: "cpu#/topology/core_id" is as many files as there are CPUs.
/// A path that ends in a slash is a directory with nothing in it.
struct TableRow {
    std::string_view path;
    /// The text: made by this, or `text` and a newline, or the number in `setting`. `cpu` is what '#' stood for.
    Result<void> (*produce)(TextSink& out, u32 cpu) = nullptr;
    std::string_view text{};
    /// A number that programs may read and, as root, write.
    std::atomic<u64>* setting = nullptr;
    /// What a write does; null: it cannot be written, unless it is a setting.
    Result<void> (*accept)(std::string_view text) = nullptr;
    /// Set: not a file but this directory, whose content no table can tell.
    Result<Shared<fs::generated::Node>> (*directory)() = nullptr;
};

/// Those of `all`, which lies at namespace scope, that have a path: what a tailored kernel lacks has none.
template <const auto& all>
inline constexpr auto present_rows = [] {
    constexpr auto is_there = [](const TableRow& row) { return !row.path.empty(); };
    std::array<TableRow, std::ranges::count_if(all, is_there)> kept{};
    std::ranges::copy_if(all, kept.begin(), is_there);
    return kept;
}();

/// The directory that holds all of `rows`, which live forever. Rows of one directory stand together.
Result<Shared<fs::generated::Node>> make_table_tree(std::span<const TableRow> rows);

/// What a directory of table rows offers to one that holds more than them (/proc's top). `first_key` is added to entries' keys.
Result<Shared<fs::generated::Node>> find_in_table(std::span<const TableRow> rows, std::string_view prefix, u32 cpu, std::string_view name);
Result<void> list_table(std::span<const TableRow> rows, std::string_view prefix, fs::generated::NodeLister& lister);

/// The number that `text` shows, with white space around it; invalid for anything else.
Result<u64> parse_number(std::string_view text);

}  // namespace spore::linux::proc
