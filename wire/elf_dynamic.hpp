// The dynamic section of a whole ELF file: which libraries it needs and where it wants them searched [gABI 5 "Dynamic Section"].
#pragma once

#include "wire/elf.hpp"

namespace spore::wire::elf {

/// A view on the file's bytes; every string in it was checked to end inside the string table.
class Dynamic {
public:
    /// `file` is the whole file. A file without a dynamic section gives an empty Dynamic.
    static std::expected<Dynamic, Problem> parse(ByteSpan file, const ProgramHeaders& headers);

    /// Calls `visit(name)` for each DT_NEEDED, in order.
    template <typename F>
    void for_each_needed(F&& visit) const {
        for (u64 i = 0; i < count_; ++i)
            if (auto name = string_entry(i, tag_needed)) visit(*name);
    }
    std::optional<std::string_view> soname() const { return first(tag_soname); }
    std::optional<std::string_view> rpath() const { return first(tag_rpath); }
    std::optional<std::string_view> runpath() const { return first(tag_runpath); }
    bool empty() const { return count_ == 0; }

private:
    static constexpr u64 tag_needed = 1, tag_soname = 14, tag_rpath = 15, tag_runpath = 29;

    std::optional<std::string_view> string_entry(u64 index, u64 tag) const;
    std::optional<std::string_view> first(u64 tag) const;
    std::optional<std::string_view> string_at(u64 offset) const;

    ByteSpan entries_, strings_;
    u64 count_ = 0;
};

}  // namespace spore::wire::elf
