#include "kernel/linux/core_file/core_file.hpp"

#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/core_file/name.hpp"
#include "kernel/linux/core_file/notes.hpp"
#include "kernel/linux/core_file/segments.hpp"
#include "kernel/linux/core_file/settings.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/machine/elf.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/system.hpp"

namespace spore::linux {

using namespace core_format;

namespace {

/// Less than this is not begun: not even the header would be of use [linux] ELF_EXEC_PAGESIZE.
constexpr u64 smallest_core = page_size;

/// The current task, then the others that stand still.
Result<HeapArray<Task*>> tasks_of(Task& first, const CoreHalt& halt) {
    auto tasks = TRY(HeapArray<Task*>::create(halt.halted + 1));
    std::size_t count = 0;
    tasks[count++] = &first;
    TreeGuard guard(tree_lock());
    for (auto& task : first.process().tasks)
        if (&task != &first && !task.is_helper && count < tasks.size()) tasks[count++] = &task;
    return tasks;
}

Result<void> put_headers(CoreOutput& output, std::span<const CoreSegment> segments, u64 notes_size) {
    using wire::elf::SegmentType;
    auto count = segments.size() + 1;
    FileHeader header{.type = core_type, .machine = static_cast<u16>(machine::elf_machine), .version = format_version, .program_headers = sizeof header, .size = sizeof header,
                      .program_header_size = sizeof(ProgramHeader), .program_header_count = static_cast<u16>(count)};
    std::ranges::copy(identification, header.identification);
    TRY(output.put_value(header));
    u64 at = sizeof header + count * sizeof(ProgramHeader);
    TRY(output.put_value(ProgramHeader{.type = static_cast<u32>(SegmentType::note), .offset = at, .file_size = notes_size, .alignment = 4}));
    at = align_up(at + notes_size, page_size);
    for (auto& segment : segments) {
        TRY(output.put_value(ProgramHeader{.type = static_cast<u32>(SegmentType::load), .flags = segment.access, .offset = at, .address = segment.start,
                                           .file_size = segment.file_size, .memory_size = segment.end - segment.start, .alignment = page_size}));
        at += segment.file_size;
    }
    return {};
}

/// A new file, whose it is that dies: what has its name goes first, if that is allowed [linux] do_coredump.
Result<Shared<fs::File>> open_core(Task& task, std::string_view path) {
    Caller caller(task);
    auto context = caller.context();
    if (task.process().dumpable.load(std::memory_order_relaxed) == Dumpable::by_root) {
        // Where the program says, but not what it says: nobody else is to come by it.
        if (!path.starts_with('/')) return fail(Error::not_permitted);
        context.uid = 0;
    } else {
        (void)fs::unlink(context, context.directory, path);
    }
    auto file = TRY(fs::open(context, context.directory, path, {.mode = {.write = true}, .create = true, .exclusive = true, .no_follow = true, .permissions = 0600}));
    if (TRY(file->stat()).type != fs::FileType::regular) return fail(Error::not_supported);
    return file;
}

Result<std::string_view> name_of(Task& task, std::string_view pattern, i32 signal, u64 limit, std::span<char> buffer) {
    auto& process = task.process();
    auto who = process.credentials();
    char host[name_limit];
    CoreFacts facts{.process = process.id(), .task = task.id(), .uid = who.uid, .gid = who.gid, .dumpable = static_cast<u32>(process.dumpable.load(std::memory_order_relaxed)),
                    .signal = signal, .seconds = time::wall_nanoseconds() / 1'000'000'000, .limit = limit, .host = host_name(host), .name = task.name,
                    .path = process.image.path};
    return core_name(pattern, facts, core_settings.uses_pid.load(std::memory_order_relaxed), buffer);
}

std::string_view describe(Error error) {
    switch (error) {
    case Error::no_space: return ": no space is left there";
    case Error::no_memory: return ": too little memory is free";
    case Error::not_found: return ": there is no such folder";
    case Error::access_denied:
    case Error::not_permitted: return ": it may not be written there";
    case Error::overflow: return ": it has more pieces of memory than such a file has place for";
    case Error::exists: return ": what has that name stays";
    case Error::read_only: return ": nothing can be written there";
    case Error::canceled: return ": it was killed meanwhile";
    default: return {};
    }
}

void tell(core::LogLevel level, const Task& task, std::string_view what, std::string_view path, std::string_view why = {}) {
    core::log(level, "{} (pid {}): {} {}{}", std::string_view(task.name), task.process_id(), what, path, why);
}
void tell_of_failure(const Task& task, std::string_view what, std::string_view path, Error error) {
    char number[24];
    auto why = describe(error);
    if (why.empty()) why = format_to(number, ": error {}", static_cast<u32>(errno_of(error)));
    tell(core::LogLevel::error, task, what, path, why);
}

/// The file's contents: the first of `tasks` is the current one, whose memory `segments` are of, the others stand still. What stops it leaves what was put until
/// then; too_big is Linux's way to end at the limit.
Result<void> put_core(CoreOutput& output, fs::File& file, u64 limit, const CoreHalt& halt, std::span<Task* const> tasks, const CoreSegments& segments, const SignalInfo& info) {
    auto& task = *tasks.front();
    task::store_program_state();
    CoreNotes notes{tasks, info, segments.files()};
    TRY(put_notes(output, notes));
    u64 notes_size = output.position();
    output.begin(file, limit, halt);
    auto put = [&]() -> Result<void> {
        TRY(put_headers(output, segments.all(), notes_size));
        TRY(put_notes(output, notes));
        TRY(output.skip_to(align_up(output.position(), page_size)));
        for (auto& segment : segments.all()) TRY(put_segment(output, task.memory(), segment));
        return {};
    }();
    auto finished = output.finish();
    return put ? finished : put;
}

/// With all others at a stand. Whether a file was begun.
bool write_halted(Task& task, const SignalInfo& info, u64 limit, const CoreHalt& halt) {
    char pattern_text[core_pattern_limit], buffer[512];
    auto pattern = core_pattern(pattern_text);
    auto path = name_of(task, pattern, info.number, limit, buffer);
    if (!path) return tell_of_failure(task, "no core file by the pattern", pattern, path.error()), false;
    auto output = CoreOutput::create();
    auto tasks = tasks_of(task, halt);
    auto segments = CoreSegments::of(task.memory(), task.process().core_filter.load(std::memory_order_relaxed));
    // All that can be missing is there before a file is begun: an empty one helps nobody.
    auto file = !output ? fail(output.error()) : !tasks ? fail(tasks.error()) : !segments ? fail(segments.error()) : open_core(task, *path);
    if (!file) return tell_of_failure(task, "no core file", *path, file.error()), false;
    auto put = put_core(*output, **file, limit, halt, tasks->span(), *segments, info);
    if (!put && put.error() != Error::too_big) tell_of_failure(task, "the core file ends early:", *path, put.error());
    else tell(core::LogLevel::info, task, "core file", *path, put ? "" : ", cut at RLIMIT_CORE");
    return true;
}

}  // namespace

bool write_core(Task& task, const SignalInfo& info) {
    if constexpr (!core::has(core::Part::core_files)) return false;
    auto& process = task.process();
    u64 limit = process.limit(limit_core).soft;
    if (limit < smallest_core || process.dumpable.load(std::memory_order_relaxed) == Dumpable::no) return false;
    char pattern[core_pattern_limit];
    if (core_pattern(pattern).starts_with('|')) {
        tell(core::LogLevel::warn, task, "no core file: core_pattern names a program, which is not supported here:", core_pattern(pattern));
        return false;
    }
    CoreHalt halt;
    if (!halt_others(task, WaitStatus::killed(info.number, false), halt)) return false;
    bool written = write_halted(task, info, limit, halt);
    let_others_end(task, WaitStatus::killed(info.number, written));
    return written;
}

}  // namespace spore::linux
