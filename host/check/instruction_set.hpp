// What following calls and call numbers needs to know of a CPU's instructions. Decoding is capstone's.
#pragma once

#include <capstone/capstone.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/common/architecture.hpp"

namespace spore::host {

/// A general register by its number in the instruction encoding: 0 is rax, or x0.
using Register = u8;
inline constexpr Register no_register = 0xff;

/// Where control goes after an instruction.
enum class Flow : u8 { next, jump, branch, call, indirect_jump, indirect_call, leave, trap };

/// What a register holds after an instruction.
struct Origin {
    enum class Kind : u8 {
        untouched,
        constant,  ///< `value`
        copied,    ///< what `from` held before
        either,    ///< what `from` or `other` held before
        unknown,
    };
    Kind kind;
    u64 value = 0;
    Register from = no_register, other = no_register;
};

/// An address that an instruction forms.
struct Mention {
    u64 address;
    bool called;  ///< what the word there holds is called or jumped to
};

class InstructionSet {
public:
    static std::unique_ptr<InstructionSet> create(Architecture architecture);
    virtual ~InstructionSet();
    InstructionSet(const InstructionSet&) = delete;

    csh handle() const { return handle_; }
    /// Bytes to pass over where something is no instruction.
    virtual std::size_t step() const = 0;
    virtual Flow flow_of(const cs_insn& instruction) const = 0;
    /// Of a direct jump, branch or call.
    virtual u64 target_of(const cs_insn& instruction) const = 0;
    virtual bool is_system_call(const cs_insn& instruction) const = 0;
    virtual bool is_padding(const cs_insn& instruction) const = 0;
    /// Appends the addresses that it forms. Instructions of a function are shown in their order, after begin_function(). `fixed`: the file is
    /// not moved when it is loaded, so that plain numbers may be addresses.
    virtual void begin_function() {}
    virtual void mentions(const cs_insn& instruction, bool fixed, std::vector<Mention>& into) = 0;
    /// `previous` gives the instruction before it, or null; the first one is gone then.
    using Previous = std::function<const cs_insn*()>;
    virtual Origin origin_of(Register wanted, const cs_insn& instruction, const Previous& previous) const = 0;

    /// Compares the first argument with this number, as a signal's handler does, or makes it the third, as of tgkill().
    virtual bool handles_signal(const cs_insn& instruction, u64 number) const = 0;

    /// Where a system call's number is.
    virtual Register call_number() const = 0;
    /// What functions get their arguments in; Go's own have more.
    virtual std::span<const Register> parameters() const = 0;
    virtual std::span<const Register> go_parameters() const { return {}; }

protected:
    InstructionSet(cs_arch architecture, cs_mode mode);
    bool writes(const cs_insn& instruction, Register wanted) const;
    /// The number of a general register of any width.
    virtual Register number_of(unsigned reg) const = 0;
    std::vector<Register> written(const cs_insn& instruction) const;

private:
    csh handle_ = 0;
};

std::unique_ptr<InstructionSet> make_x86_64_instructions();
std::unique_ptr<InstructionSet> make_arm64_instructions();

}  // namespace spore::host
