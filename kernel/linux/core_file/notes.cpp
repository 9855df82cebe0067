#include "kernel/linux/core_file/notes.hpp"

#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/machine/core_registers.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

using namespace core_format;

namespace {

constexpr u64 alignment = 4;  // of names and contents, whatever the class of the file [linux]

Time time_of(Duration time) {
    auto microseconds = static_cast<u64>(time.nanoseconds / 1000);
    return {microseconds / 1'000'000, microseconds % 1'000'000};
}

struct Relations {
    i32 parent = 0, group = 0, session = 0;
    explicit Relations(Process& process) {
        TreeGuard guard(tree_lock());
        parent = process.parent ? process.parent->id() : 0;
        group = process.group, session = process.session;
    }
};

Result<void> put_status(CoreOutput& output, Task& task, const SignalInfo& signal) {
    auto& process = task.process();
    Status<machine::CoreRegisters> status{};
    static_assert(sizeof status == 112 + sizeof(machine::CoreRegisters) + 8);
    status.signal = signal.number, status.code = signal.code, status.error = signal.error;
    status.current_signal = static_cast<u16>(signal.number);
    status.pending = task.pending.set().bits, status.blocked = task.blocked.bits;
    Relations relations(process);
    status.id = task.id(), status.parent = relations.parent, status.group = relations.group, status.session = relations.session;
    auto used = task.usage();
    status.user = time_of(used.user), status.system = time_of(used.system);
    status.children_user = time_of(process.dead_children.user), status.children_system = time_of(process.dead_children.system);
    status.registers = machine::core_registers(task);
    status.has_floating_point = 1;
    return put_note(output, Note::status, bytes_of(status));
}

Result<void> put_process(CoreOutput& output, Task& task) {
    auto& process = task.process();
    ProcessFacts facts{};
    facts.state_letter = 'R';
    facts.nice = static_cast<u8>(task.thread().nice());
    auto who = process.credentials();
    facts.uid = who.uid, facts.gid = who.gid;
    Relations relations(process);
    facts.id = process.id(), facts.parent = relations.parent, facts.group = relations.group, facts.session = relations.session;
    std::ranges::copy(task.name, facts.name);
    auto& image = process.image;
    auto size = std::min<u64>(sizeof facts.arguments - 1, image.arguments_end - image.arguments);
    auto read = task.memory().read(image.arguments, std::as_writable_bytes(std::span(facts.arguments)).first(size));
    for (u64 i = 0; i < read.value_or(0); ++i)
        if (!facts.arguments[i]) facts.arguments[i] = ' ';
    return put_note(output, Note::process, bytes_of(facts));
}

Result<void> put_auxiliary(CoreOutput& output, Task& task) {
    auto& image = task.process().image;
    std::byte bytes[512];
    auto size = std::min<u64>(sizeof bytes, image.auxiliary_end - image.auxiliary);
    return put_note(output, Note::auxiliary, std::span(bytes).first(task.memory().read(image.auxiliary, std::span(bytes).first(size)).value_or(0)));
}

}  // namespace

Result<void> begin_note(CoreOutput& output, Note type, std::size_t size) {
    bool of_machine = type >= Note::x86_state && type <= Note::arm_pointer_masks;
    constexpr char common[8] = "CORE", own[8] = "LINUX";
    TRY(output.put_value(NoteHeader{of_machine ? 6u : 5u, static_cast<u32>(size), static_cast<u32>(type)}));
    return output.put(std::as_bytes(std::span(of_machine ? own : common)));
}
Result<void> end_note(CoreOutput& output, std::size_t size) { return output.put_zeros(align_up(size, alignment) - size); }
Result<void> put_note(CoreOutput& output, Note type, ByteSpan contents) {
    TRY(begin_note(output, type, contents.size()));
    TRY(output.put(contents));
    return end_note(output, contents.size());
}

Result<void> put_notes(CoreOutput& output, const CoreNotes& notes) {
    for (auto* task : notes.tasks) {
        TRY(put_status(output, *task, notes.signal));
        if (task == notes.tasks.front()) {
            TRY(put_process(output, *task));
            TRY(put_note(output, Note::signal, bytes_of(UserSignalInfo{notes.signal, {}})));
            TRY(put_auxiliary(output, *task));
            TRY(put_note(output, Note::files, notes.files));
        }
        TRY(machine::put_register_notes(output, *task));
    }
    return {};
}

}  // namespace spore::linux
