#include "host/check/code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace spore::host {

namespace {

constexpr u64 sigsetxid = 33;  // [glibc sysdeps/unix/sysv/linux/internal-signals.h]

struct Instruction {
    u64 address;
    u64 target;  ///< of jumps, branches and calls
    u8 size;
    Flow flow;
    u64 next() const { return address + size; }
};

}  // namespace

struct Code::Disassembler {
    std::unique_ptr<InstructionSet> set;
    cs_insn* scratch;
    std::vector<Instruction> instructions;   ///< by address
    std::multimap<u64, u64> jumps_to;        ///< target → address of the jump

    explicit Disassembler(Architecture architecture) : set(InstructionSet::create(architecture)), scratch(cs_malloc(set->handle())) {}
    Disassembler(const Disassembler&) = delete;
    ~Disassembler() { cs_free(scratch, 1); }
    /// Index of the instruction at an address, or of the next one.
    std::size_t index_of(u64 address) const {
        auto found = std::ranges::lower_bound(instructions, address, {}, &Instruction::address);
        return static_cast<std::size_t>(found - instructions.begin());
    }
    const cs_insn* decode(const ElfImage& image, u64 address) const {
        for (const auto& range : image.code()) {
            if (address < range.address || address - range.address >= range.bytes.size()) continue;
            auto* bytes = reinterpret_cast<const uint8_t*>(range.bytes.data()) + (address - range.address);
            std::size_t left = range.bytes.size() - (address - range.address);
            uint64_t at = address;
            return cs_disasm_iter(set->handle(), &bytes, &left, &at, scratch) ? scratch : nullptr;
        }
        return nullptr;
    }
};

Code::Code(ElfImage image) : image_(std::move(image)), disassembler_(std::make_unique<Disassembler>(image_.architecture())) {
    for (const auto& relocation : image_.relocations()) {
        if (relocation.symbol.empty() || relocation.address) own_slots_[relocation.place] = relocation.address;
        if (!relocation.symbol.empty()) slots_[relocation.place] = relocation.symbol;
    }
    find_functions();
    disassemble();
}
Code::~Code() = default;
Code::Code(Code&&) noexcept = default;

void Code::find_functions() {
    std::set<u64> starts(image_.function_starts().begin(), image_.function_starts().end());
    for (const auto& symbol : image_.symbols())
        if (symbol.function && symbol.defined) starts.insert(symbol.address);
    starts.insert(image_.entry());
    auto& set = *disassembler_->set;
    for (const auto& range : image_.code()) {
        starts.insert(range.address);
        // Stubs of the procedure linkage table have no names: each is called, and found below as a target.
        auto* bytes = reinterpret_cast<const uint8_t*>(range.bytes.data());
        std::size_t left = range.bytes.size();
        uint64_t at = range.address;
        while (left > 0) {
            uint64_t here = at;
            if (!cs_disasm_iter(set.handle(), &bytes, &left, &at, disassembler_->scratch)) {
                auto step = std::min(set.step(), left);  // data between functions
                bytes += step, left -= step, at += step;
                continue;
            }
            const auto& instruction = *disassembler_->scratch;
            auto flow = set.flow_of(instruction);
            bool direct = flow == Flow::jump || flow == Flow::branch || flow == Flow::call;
            u64 target = direct ? set.target_of(instruction) : 0;
            if (flow == Flow::call) starts.insert(target);
            disassembler_->instructions.push_back({here, target, static_cast<u8>(instruction.size), flow});
            if (flow == Flow::jump || flow == Flow::branch) disassembler_->jumps_to.emplace(target, here);
        }
    }
    for (auto start = starts.begin(); start != starts.end(); ++start)
        for (const auto& range : image_.code())
            if (*start >= range.address && *start < range.end()) {
                auto next = std::next(start);
                functions_.push_back({.start = *start, .end = std::min(range.end(), next == starts.end() ? range.end() : *next)});
            }
    std::ranges::sort(functions_, {}, &Function::start);
}

std::optional<std::size_t> Code::function_at(u64 address) const {
    auto after = std::ranges::upper_bound(functions_, address, {}, &Function::start);
    if (after == functions_.begin()) return std::nullopt;
    auto index = static_cast<std::size_t>(after - functions_.begin()) - 1;
    return address < functions_[index].end ? std::optional(index) : std::nullopt;
}

/// Something at `address` is mentioned: code, or a word that holds a symbol's address.
void Code::add_reference(Function& function, u64 address) {
    if (auto slot = slots_.find(address); slot != slots_.end() && (function.imports.empty() || function.imports.back() != slot->second))
        function.imports.push_back(slot->second);
    if (auto own = own_slots_.find(address); own != own_slots_.end()) address = own->second;
    if (address >= function.start && address < function.end) return;
    if (function_at(address)) function.calls.push_back(address);
}

void Code::disassemble() {
    auto& set = *disassembler_->set;
    std::vector<Mention> mentioned;
    for (auto& function : functions_) {
        const auto& list = disassembler_->instructions;
        set.begin_function();
        Flow last = Flow::leave;  // of the last instruction that is not padding
        for (auto i = disassembler_->index_of(function.start); i < list.size() && list[i].address < function.end; ++i) {
            const auto& instruction = list[i];
            if (instruction.flow != Flow::next) last = instruction.flow;
            if (instruction.flow == Flow::leave || instruction.flow == Flow::indirect_jump) function.comes_back = true;
            if (instruction.target) {
                if (instruction.target < function.start || instruction.target >= function.end) {
                    function.calls.push_back(instruction.target);
                    if (instruction.flow != Flow::call) function.comes_back = true;
                }
                if (instruction.flow == Flow::call || instruction.flow == Flow::jump) function.sites.push_back({instruction.address, instruction.target, {}});
            }
            auto* decoded = disassembler_->decode(image_, instruction.address);
            if (!decoded) continue;
            if (set.handles_signal(*decoded, sigsetxid)) function.handles_setxid = true;
            mentioned.clear();
            set.mentions(*decoded, !image_.relocatable(), mentioned);
            if (instruction.target || instruction.flow == Flow::leave || instruction.flow == Flow::trap) continue;
            if (set.is_system_call(*decoded)) function.system_calls.push_back(instruction.address);
            if (!set.is_padding(*decoded)) last = instruction.flow;
            for (auto [place, called] : mentioned) {
                add_reference(function, place);
                if (auto slot = slots_.find(place); slot != slots_.end() && called) function.sites.push_back({instruction.address, 0, slot->second});
            }
        }
        // Without a jump or return at its end it runs on into the next; a call there does not return.
        if (last == Flow::next || last == Flow::branch) {
            function.calls.push_back(function.end);
            function.comes_back = true;
        }
    }
}

/// Whether control may come from an instruction to the one after it: not by a jump or return, a call that does not come back, nor by the padding
/// behind one of these.
bool Code::goes_on(std::size_t index) const {
    const auto& list = disassembler_->instructions;
    for (;; --index) {
        const auto& instruction = list[index];
        switch (instruction.flow) {
            case Flow::jump: case Flow::indirect_jump: case Flow::leave: case Flow::trap: return false;
            case Flow::call: {
                auto called = function_at(instruction.target);
                return !called || functions_[*called].start != instruction.target || functions_[*called].comes_back;
            }
            case Flow::branch: case Flow::indirect_call: return true;
            case Flow::next: break;
        }
        if (index == 0 || list[index - 1].next() != instruction.address || disassembler_->jumps_to.contains(instruction.address)) return true;
        if (auto home = function_at(instruction.address); home && functions_[*home].start == instruction.address) return true;
        auto* decoded = disassembler_->decode(image_, instruction.address);
        if (!decoded || !disassembler_->set->is_padding(*decoded)) return true;
    }
}

std::vector<std::size_t> Code::functions_in_data() const {
    std::vector<std::size_t> found;
    auto add = [&](u64 address) {
        // Of a stripped file only those functions are known that others call: it may lie inside of what looks like one.
        if (auto index = function_at(address)) found.push_back(*index);
    };
    for (const auto& relocation : image_.relocations())
        if (relocation.symbol.empty()) add(relocation.address);
    if (!image_.relocatable())
        for (const auto& range : image_.data())
            for (u64 at = align_up(range.address, 8) - range.address; at + 8 <= range.bytes.size(); at += 8)
                if (auto* word = view_at<le64>(range.bytes, at)) add(*word);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

RegisterValue Code::value_before(u64 address, Register wanted) const {
    const auto& list = disassembler_->instructions;
    const auto& set = *disassembler_->set;
    auto home = function_at(address);
    RegisterValue result;
    std::set<std::pair<u64, Register>> seen;
    std::vector<std::pair<u64, Register>> work{{address, wanted}};
    auto add_constant = [&](u64 value) {
        if (std::ranges::find(result.constants, value) == result.constants.end()) result.constants.push_back(value);
    };
    constexpr std::size_t most_steps = 4000;
    while (!work.empty()) {
        auto [at, reg] = work.back();
        work.pop_back();
        if (!seen.insert({at, reg}).second) continue;
        if (seen.size() > most_steps || !home) {
            result.unknown = true;
            break;
        }
        auto index = disassembler_->index_of(at);
        std::vector<u64> before;
        bool at_start = at == functions_[*home].start;
        if (index > 0 && !at_start && list[index - 1].next() == at && goes_on(index - 1)) before.push_back(list[index - 1].address);
        auto [first, last] = disassembler_->jumps_to.equal_range(at);
        for (auto jump = first; jump != last; ++jump)
            if (function_at(jump->second) == home) before.push_back(jump->second);
        if (at_start) {
            bool parameter = std::ranges::contains(set.parameters(), reg) || (image_.go() && std::ranges::contains(set.go_parameters(), reg));
            if (!parameter) result.unknown = true;
            else if (std::ranges::find(result.parameters, reg) == result.parameters.end()) result.parameters.push_back(reg);
        } else if (before.empty()) {
            result.unknown = true;  // reached in a way that the code does not show, such as a table of jumps
        }
        for (u64 place : before) {
            auto* decoded = disassembler_->decode(image_, place);
            if (!decoded) {
                result.unknown = true;
                continue;
            }
            auto origin = set.origin_of(reg, *decoded, [&]() -> const cs_insn* {
                auto where = disassembler_->index_of(place);
                return where > 0 ? disassembler_->decode(image_, list[where - 1].address) : nullptr;
            });
            switch (origin.kind) {
                case Origin::Kind::untouched: work.push_back({place, reg}); break;
                case Origin::Kind::constant: add_constant(origin.value); break;
                case Origin::Kind::either: work.push_back({place, origin.other}); [[fallthrough]];
                case Origin::Kind::copied: work.push_back({place, origin.from}); break;
                case Origin::Kind::unknown: result.unknown = true; break;
            }
        }
    }
    return result;
}

RegisterValue Code::call_number_at(u64 system_call) const { return value_before(system_call, disassembler_->set->call_number()); }

std::string Code::name_of(const Function& function) const {
    for (const auto& symbol : image_.symbols())
        if (symbol.defined && symbol.function && symbol.address == function.start && !symbol.name.empty()) return demangle(symbol.name);
    return fmt::format("{:#x}", function.start);
}

}  // namespace spore::host
