// A whole ELF file as tools look at it: sections, symbols, relocations, where functions begin. Lenient where wire/elf is strict:
// it also reads the kernel's own file and stripped libraries, and gives what could be read of a damaged one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "host/common/architecture.hpp"

namespace spore::host {

class ElfImage {
public:
    struct Range {
        u64 address, size;
        ByteSpan bytes;  ///< shorter than `size` where the file holds less
        u64 end() const { return address + size; }
    };
    struct Segment {
        u64 address, memory_size, offset, file_size;
        bool executable, writable;
    };
    struct Symbol {
        std::string_view name;
        u64 address, size;
        bool function, defined, indirect;  ///< `indirect`: the function at `address` chooses the real one (IFUNC)
    };
    /// What the loader puts into a word: the address of a symbol, or one of the file's own.
    struct Relocation {
        u64 place;
        std::string_view symbol;  ///< empty: `address` counts
        u64 address;
    };

    /// `file` must outlive the image. Nothing when it is no ELF file for a CPU that we know.
    static std::optional<ElfImage> parse(ByteSpan file);

    Architecture architecture() const { return architecture_; }
    u64 entry() const { return entry_; }
    bool relocatable() const { return relocatable_; }
    bool go() const { return go_; }
    const std::vector<Segment>& segments() const { return segments_; }
    /// Sections that hold code, by address.
    const std::vector<Range>& code() const { return code_; }
    /// Sections of initialised data.
    const std::vector<Range>& data() const { return data_; }
    /// The full table where the file has it, and the dynamic one.
    const std::vector<Symbol>& symbols() const { return symbols_; }
    /// The dynamic symbols alone: what other files can see and what this one wants of them.
    const std::vector<Symbol>& dynamic_symbols() const { return dynamic_; }
    const std::vector<Relocation>& relocations() const { return relocations_; }
    /// Starts of functions by the unwind table; sorted, empty when there is none.
    const std::vector<u64>& function_starts() const { return starts_; }
    std::optional<u64> offset_to_address(u64 offset) const;

private:
    explicit ElfImage(ByteSpan file) : file_(file) {}
    bool read_headers();
    void read_sections();
    std::vector<Symbol> read_symbols(u64 section);
    void read_relocations(u64 section, const std::vector<Symbol>& symbols);
    void read_relative_words(u64 section);
    void read_unwind_table(u64 address, u64 size);
    std::optional<u64> word_at(u64 address) const;

    ByteSpan file_;
    Architecture architecture_ = native_architecture;
    u64 entry_ = 0;
    bool relocatable_ = false, go_ = false;
    std::vector<Segment> segments_;
    std::vector<Range> code_, data_;
    std::vector<Symbol> symbols_, dynamic_;
    std::vector<Relocation> relocations_;
    std::vector<u64> starts_;
};

/// C++ names readable; others unchanged.
std::string demangle(std::string_view name);

}  // namespace spore::host
