// The code of one ELF file as a call graph: its functions, whom each calls or mentions, and the system calls in each.
#pragma once

#include <map>
#include <memory>

#include "host/check/instruction_set.hpp"
#include "host/elf/image.hpp"

namespace spore::host {

/// What a register holds at some instruction, as far as the code tells.
struct RegisterValue {
    std::vector<u64> constants;
    std::vector<Register> parameters;  ///< it may come from the caller, in these
    bool unknown = false;              ///< or from somewhere that could not be followed
};

struct Function {
    u64 start = 0, end = 0;
    std::vector<u64> calls;                      ///< addresses called, jumped to or mentioned
    std::vector<std::string_view> imports;       ///< symbols called or mentioned
    std::vector<u64> system_calls;               ///< addresses of the instructions
    struct CallSite {
        u64 at;
        u64 target;               ///< 0: `import`
        std::string_view import;
    };
    std::vector<CallSite> sites;                 ///< direct calls, for tracing arguments
    bool comes_back = false;                     ///< to its caller, or may go on elsewhere
    bool handles_setxid = false;                 ///< it sends or takes the signal by which glibc has all threads change who they run as [glibc nptl/nptl_setxid.c]
};

class Code {
public:
    /// Disassembles all of the image's code.
    explicit Code(ElfImage image);
    ~Code();
    Code(Code&&) noexcept;

    const ElfImage& image() const { return image_; }
    const std::vector<Function>& functions() const { return functions_; }
    /// The index of the function that holds this address.
    std::optional<std::size_t> function_at(u64 address) const;
    /// Functions whose addresses stand in data: anybody may call them.
    std::vector<std::size_t> functions_in_data() const;
    /// What `wanted` holds just before the instruction at `address`.
    RegisterValue value_before(u64 address, Register wanted) const;
    /// The number that the system call at this address is made with.
    RegisterValue call_number_at(u64 system_call) const;
    std::string name_of(const Function& function) const;

private:
    struct Disassembler;
    void find_functions();
    void disassemble();
    bool goes_on(std::size_t index) const;
    void add_reference(Function& function, u64 address);

    ElfImage image_;
    std::unique_ptr<Disassembler> disassembler_;
    std::vector<Function> functions_;
    std::map<u64, std::string_view> slots_;  ///< words that the loader fills with a symbol's address
    std::map<u64, u64> own_slots_;           ///< words that it fills with an address of this file
};

}  // namespace spore::host
