#include "kernel/linux/proc/table_tree.hpp"

#include "arch/cpu.hpp"

namespace spore::linux::proc {

using namespace fs::generated;

namespace {

constexpr u32 no_cpu = ~u32{0};

/// Stable over time, so that programs which compare inode numbers (fts) see the same file again.
u64 number_of(const void* row, u64 depth, u32 cpu) {
    return (reinterpret_cast<u64>(row) * 31 + depth) << 8 ^ (cpu + 1);
}

/// The path component at the start of `rest`.
std::string_view component(std::string_view rest) { return rest.substr(0, rest.find('/')); }

/// What '#' stands for when `name` is an instance of `pattern`; no_cpu when the pattern has no '#', nothing when they differ.
std::optional<u32> match(std::string_view pattern, std::string_view name) {
    auto at = pattern.find('#');
    if (at == pattern.npos) return pattern == name ? std::optional(no_cpu) : std::nullopt;
    if (name.size() <= at || name.substr(0, at) != pattern.substr(0, at)) return std::nullopt;
    auto number = parse_number(name.substr(at));
    if (!number || *number >= arch::cpu_count() || (name[at] == '0' && name.size() > at + 1)) return std::nullopt;
    return static_cast<u32>(*number);
}

class TableText final : public GeneratedText {
public:
    TableText(const TableRow& row, u32 cpu) : row_(row), cpu_(cpu) {}
    NodeAttributes attributes() override {
        return {.permissions = static_cast<u16>(row_.accept || row_.setting ? 0644 : 0444)};
    }
    u64 number() const override { return number_of(&row_, row_.path.size(), cpu_); }
    Result<void> produce(TextSink& out) override {
        if (row_.produce) return row_.produce(out, cpu_);
        if (row_.setting) return out.print("{}\n", row_.setting->load(std::memory_order_relaxed));
        return out.print("{}\n", row_.text);
    }
    Result<void> accept(std::string_view text) override {
        if (row_.accept) return row_.accept(text);
        if (!row_.setting) return fail(Error::not_permitted);
        row_.setting->store(TRY(parse_number(text)), std::memory_order_relaxed);
        return {};
    }

private:
    const TableRow& row_;
    u32 cpu_;
};

class TableDirectory final : public GeneratedDirectory {
public:
    TableDirectory(std::span<const TableRow> rows, std::string_view prefix, u32 cpu) : rows_(rows), prefix_(prefix), cpu_(cpu) {}
    u64 number() const override { return prefix_.empty() ? 0 : number_of(prefix_.data(), prefix_.size(), cpu_); }
    Result<Shared<Node>> find(std::string_view name) override { return find_in_table(rows_, prefix_, cpu_, name); }
    Result<void> list(NodeLister& lister) override { return list_table(rows_, prefix_, lister); }

private:
    std::span<const TableRow> rows_;
    std::string_view prefix_;  ///< of the rows below this directory, with the slash; a part of some row's path
    u32 cpu_;
};

}  // namespace

Result<u64> parse_number(std::string_view text) {
    auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\0'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    if (text.empty() || text.size() > 19) return fail(Error::invalid);
    u64 number = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return fail(Error::invalid);
        number = number * 10 + static_cast<u64>(c - '0');
    }
    return number;
}

Result<Shared<Node>> find_in_table(std::span<const TableRow> rows, std::string_view prefix, u32 cpu, std::string_view name) {
    for (auto& row : rows) {
        if (!row.path.starts_with(prefix)) continue;
        auto rest = row.path.substr(prefix.size());
        auto pattern = component(rest);
        auto matched = match(pattern, name);
        if (!matched) continue;
        u32 inner = *matched == no_cpu ? cpu : *matched;
        if (pattern.size() == rest.size()) return row.directory ? row.directory() : Shared<Node>(TRY(make_shared<TableText>(row, inner)));
        return Shared<Node>(TRY(make_shared<TableDirectory>(rows, row.path.substr(0, prefix.size() + pattern.size() + 1), inner)));
    }
    return fail(Error::not_found);
}

Result<void> list_table(std::span<const TableRow> rows, std::string_view prefix, NodeLister& lister) {
    std::string_view before;
    for (std::size_t index = 0; index < rows.size(); ++index) {
        auto path = rows[index].path;
        if (!path.starts_with(prefix)) continue;
        auto rest = path.substr(prefix.size());
        auto pattern = component(rest);
        if (pattern.empty() || pattern == before) continue;
        before = pattern;
        auto type = pattern.size() == rest.size() && !rows[index].directory ? fs::FileType::regular : fs::FileType::directory;
        u64 key = (index + 1) << 8;
        auto mark = pattern.find('#');
        if (mark == pattern.npos) {
            if (!lister.entry(pattern, type, key)) return {};
            continue;
        }
        for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
            char name[64];
            if (!lister.entry(format_to(name, "{}{}", pattern.substr(0, mark), cpu), type, key + cpu)) return {};
        }
    }
    return {};
}

Result<Shared<Node>> make_table_tree(std::span<const TableRow> rows) {
    return Shared<Node>(TRY(make_shared<TableDirectory>(rows, std::string_view{}, no_cpu)));
}

}  // namespace spore::linux::proc
