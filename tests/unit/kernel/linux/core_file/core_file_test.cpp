// Names, extents and limits of core files; and a process of two threads that leaves one, read back.
#include "kernel/linux/core_file/core_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/user_memory.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/linux/core_file/format.hpp"
#include "kernel/linux/core_file/name.hpp"
#include "kernel/linux/core_file/output.hpp"
#include "kernel/linux/core_file/segments.hpp"
#include "kernel/linux/machine/core_registers.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/uapi/open.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/linux/machine.hpp"

namespace spore::linux {
namespace {

using namespace core_format;

std::string named(std::string_view pattern, bool uses_pid = false, std::size_t room = 200) {
    CoreFacts facts{.process = 12, .task = 34, .uid = 5, .gid = 6, .dumpable = 1, .signal = 11, .seconds = 99, .limit = 7, .host = "h/ost", .name = "na/me", .path = "/usr/bin/prog"};
    std::string buffer(room, '\0');
    auto name = core_name(pattern, facts, uses_pid, buffer);
    return name ? std::string(*name) : "?";
}

TEST(CoreName, SaysWhatThePatternAsksFor) {
    EXPECT_EQ(named("core"), "core");
    EXPECT_EQ(named("%p %P %i %I %u %g %d %s %t %c"), "12 12 34 34 5 6 1 11 99 7");
    EXPECT_EQ(named("%h-%e-%f-%E"), "h!ost-na!me-prog-!usr!bin!prog");
    EXPECT_EQ(named("100%%.%Z.%"), "100%..") << "what is not known is nothing";
}
TEST(CoreName, EndsWithTheProcessWhereThatIsWanted) {
    EXPECT_EQ(named("core", true), "core.12");
    EXPECT_EQ(named("core.%p", true), "core.12");
    EXPECT_EQ(named("core.%P", true), "core.12.12") << "as on Linux, which looks for %p alone";
}
TEST(CoreName, LeadsToNoOtherFolderByWhatProgramsSay) {
    char buffer[16];
    for (auto [name, expected] : {std::pair{"..", "!."}, {".", "!"}, {"", "!"}, {"../x", "..!x"}}) EXPECT_EQ(*core_name("%e", {.name = name}, false, buffer), expected);
}
TEST(CoreName, IsNotCut) {
    EXPECT_EQ(named("%E", false, 13), "!usr!bin!prog");
    EXPECT_EQ(named("%E", false, 12), "?");
    EXPECT_EQ(named("core", true, 5), "?");
}

TEST(CoreExtent, FollowsTheFilter) {
    using memory::Sharing;
    struct File final : memory::MappedObject, private memory::PageSource {
        memory::PageCache& pages() override { return pages_; }
        u64 size() const override { return 0; }
        void describe(std::span<char>& path, u64&, u64&) const override { path = {}; }
        Result<memory::FrameRef> load_page(u64) override { return fail(Error::io); }
        memory::PageCache pages_{*this, memory::PageCache::Keep::always};
    } file;
    memory::AddressSpace::AreaInfo area{.start = {0x1000}, .end = {0x9000}, .access = {.read = true}, .sharing = Sharing::privately, .offset = 0, .object = nullptr, .name = "", .locked = false, .dumped = true};
    auto extent = [&](u32 filter, bool nameless = false, bool copied = false) { return core_extent(area, nameless, copied, filter); };
    EXPECT_EQ(extent(default_core_filter), CoreExtent::all);
    EXPECT_EQ(extent(default_core_filter & ~u32{private_anonymous}), CoreExtent::nothing);
    area.object = &file;
    EXPECT_EQ(extent(default_core_filter), CoreExtent::first_page_of_elf);
    EXPECT_EQ(extent(default_core_filter & ~u32{elf_beginnings}), CoreExtent::nothing);
    EXPECT_EQ(extent(private_files), CoreExtent::all);
    EXPECT_EQ(extent(default_core_filter, false, true), CoreExtent::all) << "pages of it are the program's own";
    area.offset = page_size;
    EXPECT_EQ(extent(default_core_filter), CoreExtent::nothing);
    area.offset = 0, area.access = {};
    EXPECT_EQ(extent(default_core_filter), CoreExtent::nothing);
    area.sharing = Sharing::shared;
    EXPECT_EQ(extent(default_core_filter), CoreExtent::nothing);
    EXPECT_EQ(extent(shared_files), CoreExtent::all);
    EXPECT_EQ(extent(default_core_filter, true), CoreExtent::all);
    EXPECT_EQ(extent(shared_files, true), CoreExtent::nothing);
    area.dumped = false;
    EXPECT_EQ(extent(~u32{0}), CoreExtent::nothing);
    area.name = "[vdso]";
    EXPECT_EQ(extent(0), CoreExtent::all) << "always: unwinding leads through it";
    area.dumped = true, area.name = "[vvar]";
    EXPECT_EQ(extent(~u32{0}), CoreExtent::nothing);
}

/// Keeps what is written; the first hole is where nothing was.
struct Kept final : fs::File {
    Kept() : File({.write = true}) {}
    Result<u64> write_at(fs::IoBuffer& from, u64 offset) override {
        if (full) return fail(Error::no_space);
        std::string bytes(std::min<u64>(from.remaining(), 1000), '\0');  // a file may take less than it is given
        if (!from.take(std::as_writable_bytes(std::span(bytes)))) return fail(Error::io);
        if (text.size() < offset + bytes.size()) text.resize(offset + bytes.size(), '?');
        text.replace(offset, bytes.size(), bytes);
        return bytes.size();
    }
    Result<void> truncate(u64 size) override { return text.resize(size, '?'), Result<void>{}; }
    std::string_view describe(std::span<char>) override { return {}; }
    std::string text;
    bool full = false;
};

TEST(CoreOutput, CountsThenWrites) {
    auto output = *CoreOutput::create();
    std::string bytes(3000, 'a');
    EXPECT_TRUE(output.put(std::as_bytes(std::span(bytes))));
    EXPECT_EQ(output.position(), 3000u);
    Kept file;
    CoreHalt halt;
    output.begin(file, ~u64{0}, halt);
    EXPECT_TRUE(output.put(std::as_bytes(std::span(bytes))));
    EXPECT_TRUE(output.skip_to(5000));
    EXPECT_TRUE(output.put_zeros(70));
    EXPECT_TRUE(output.skip_to(6000));
    EXPECT_TRUE(output.finish());
    EXPECT_EQ(file.text, bytes + std::string(2000, '?') + std::string(70, '\0') + std::string(930, '?'));
}
TEST(CoreOutput, EndsAtItsLimitWithWhatFitted) {
    auto output = *CoreOutput::create();
    Kept file;
    CoreHalt halt;
    output.begin(file, 100, halt);
    EXPECT_TRUE(output.put_zeros(60));
    EXPECT_TRUE(output.skip_to(1000)) << "holes are free";
    EXPECT_TRUE(output.put_zeros(40));
    EXPECT_EQ(output.left(), 0u);
    EXPECT_EQ(output.put_zeros(1).error(), Error::too_big);
    EXPECT_TRUE(output.finish());
    EXPECT_EQ(file.text.size(), 1040u);
}
TEST(CoreOutput, TellsOfFilesThatAreFullAndOfTheEnd) {
    auto output = *CoreOutput::create();
    Kept file;
    CoreHalt halt;
    output.begin(file, ~u64{0}, halt);
    file.full = true;
    EXPECT_TRUE(output.put_zeros(10));
    EXPECT_EQ(output.finish().error(), Error::no_space);
    halt.killed = true;
    EXPECT_EQ(output.put_zeros(10).error(), Error::canceled);
}

// A process of two threads, whose parent looks at what it leaves.

constexpr u64 call_mmap = 9, call_madvise = 28, call_clone = 56, call_fork = 57, call_wait4 = 61, call_setrlimit = 160, call_tgkill = 234, call_pause = 34, call_open = 2, call_yield = 24,
              call_write = 1;

struct Core {
    std::string bytes;
    std::vector<ProgramHeader> segments;
    struct Note {
        core_format::Note type;
        std::string name, contents;
    };
    std::vector<Note> notes;
    u64 stored = 0;

    template <typename T>
    T at(u64 offset) const {
        T value{};
        if (offset + sizeof value > bytes.size()) ADD_FAILURE() << "the file ends before " << offset + sizeof value;
        else std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    }
    void parse() {
        auto header = at<FileHeader>(0);
        EXPECT_EQ(std::memcmp(header.identification, "\177ELF\2\1\1\0", 8), 0);
        EXPECT_EQ(header.type, 4);
        EXPECT_EQ(header.machine, 62);
        EXPECT_EQ(header.version, 1u);
        EXPECT_EQ(header.program_headers, 64u);
        EXPECT_EQ(header.program_header_size, 56);
        EXPECT_EQ(header.section_header_count, 0);
        for (u16 i = 0; i < header.program_header_count; ++i) segments.push_back(at<ProgramHeader>(64 + 56u * i));
        ASSERT_FALSE(segments.empty());
        auto& first = segments[0];
        EXPECT_EQ(first.type, 4u);
        EXPECT_EQ(first.offset, 64 + 56 * segments.size());
        for (u64 place = first.offset, end = place + first.file_size; place < end;) {
            auto note = at<NoteHeader>(place);
            place += sizeof note;
            std::string name = bytes.substr(place, note.name_size - 1);
            place += align_up(note.name_size, 4u);
            ASSERT_LE(place + note.size, end);
            notes.push_back({static_cast<core_format::Note>(note.type), name, bytes.substr(place, note.size)});
            place += align_up(note.size, 4u);
        }
        u64 next = align_up(first.offset + first.file_size, page_size), above = 0;
        for (auto& segment : std::span(segments).subspan(1)) {
            EXPECT_EQ(segment.type, 1u);
            EXPECT_EQ(segment.offset, next);
            EXPECT_GE(segment.address, above) << "in the order of addresses";
            EXPECT_LE(segment.file_size, segment.memory_size);
            EXPECT_EQ(segment.alignment, page_size);
            next += segment.file_size, above = segment.address + segment.memory_size;
        }
        EXPECT_EQ(bytes.size(), next);
    }
    /// The byte that was at an address; -1 where the file has none.
    int byte(u64 address) const {
        for (auto& segment : std::span(segments).subspan(1))
            if (address >= segment.address && address - segment.address < segment.file_size) return static_cast<u8>(bytes[segment.offset + (address - segment.address)]);
        return -1;
    }
    template <typename T>
    T contents(std::size_t index) const {
        T value{};
        EXPECT_EQ(notes[index].contents.size(), sizeof value);
        std::memcpy(&value, notes[index].contents.data(), std::min(sizeof value, notes[index].contents.size()));
        return value;
    }
};

std::optional<Core> read_core(Task& task, std::string_view path) {
    Caller caller(task);
    auto file = fs::open(caller, caller.context().directory, path, {.mode = {.read = true}});
    if (!file) return std::nullopt;
    Core core;
    auto stat = *(*file)->stat();
    EXPECT_EQ(stat.permissions, 0600);
    core.stored = stat.blocks * 512;
    core.bytes.resize(stat.size);
    auto into = fs::IoBuffer::kernel(std::as_writable_bytes(std::span(core.bytes)));
    while (into.remaining() && *(*file)->read_at(into, stat.size - into.remaining())) {}
    (void)fs::unlink(caller, caller.context().directory, path);
    return core;
}

i64 call(Task& task, u64 number, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0, u64 e = 0, u64 f = 0) { return fakes::system_call(task, number, {a, b, c, d, e, f}); }

void put(Task&, u64 offset, std::string_view text) { EXPECT_TRUE(arch::copy_to_program(fakes::program_area + offset, text.data(), text.size())); }

constexpr u64 large_area = 0x2000'0000, large_size = 8_MiB, file_area = 0x3000'0000, hidden_area = 0x4000'0000;
u64 failing = 0, core_limit = ~u64{0};
bool failed = false, stands = false;
void (*look)(Task&, i32 status) = nullptr;

/// The second thread: waits for ever, with a number that is known.
void stand(Task& task) {
    task.thread().program_frame().rbx = 0x2222;
    stands = true;
    while (true) (void)call(task, call_pause);
}
void crash(Task& task) {
    u64 limits[] = {core_limit, ~u64{0}};
    put(task, 0, {reinterpret_cast<const char*>(limits), sizeof limits});
    EXPECT_EQ(call(task, call_setrlimit, limit_core, fakes::program_area.value), 0);
    constexpr u64 read_write = 3, fixed_private_anonymous = 0x32;
    EXPECT_EQ(call(task, call_mmap, large_area, large_size, read_write, fixed_private_anonymous, ~u64{0}), static_cast<i64>(large_area));
    EXPECT_EQ(call(task, call_mmap, hidden_area, page_size, read_write, fixed_private_anonymous, ~u64{0}), static_cast<i64>(hidden_area));
    EXPECT_EQ(call(task, call_madvise, hidden_area, page_size, 16), 0);
    put(task, 8 * page_size, "/tmp/file");
    i64 file = call(task, call_open, fakes::program_area.value + 8 * page_size, o_create | o_read_write, 0644);
    put(task, 9 * page_size, "\177ELF of a kind");
    EXPECT_EQ(call(task, call_write, static_cast<u64>(file), fakes::program_area.value + 9 * page_size, 3 * page_size), static_cast<i64>(3 * page_size));
    EXPECT_EQ(call(task, call_mmap, file_area, 2 * page_size, 1, 0x12, static_cast<u64>(file)), static_cast<i64>(file_area));
    for (u64 at : {large_area, large_area + large_size / 2, hidden_area}) EXPECT_TRUE(arch::copy_to_program({at}, "mark", 4));
    constexpr u64 thread_flags = 0x10000 | 0x800 | 0x400 | 0x200 | 0x100;
    EXPECT_GT(call(task, call_clone, thread_flags), 0);
    while (!stands) (void)call(task, call_yield);
    task.thread().program_frame().rbx = 0x1111;
    if (failing) memory::fail_allocation(failing);
    (void)call(task, call_tgkill, static_cast<u64>(task.process_id()), static_cast<u64>(task.id()), sigsegv);
    ADD_FAILURE() << "a signal by default ends the process";
}
void program(Task& task) {
    if (!task.is_main()) return stand(task);
    if (task.process().parent && task.process().parent->id() != 1) return crash(task);
    i64 child = call(task, call_fork);
    if (child == 0) return;
    i64 ended;
    do ended = call(task, call_wait4, static_cast<u64>(child), fakes::program_area.value, 0, 0);
    while (ended == -4);
    EXPECT_EQ(ended, child);
    i32 status = 0;
    EXPECT_TRUE(arch::copy_from_program(&status, fakes::program_area, sizeof status));
    look(task, status);
}

enum Outcome : int { good = 0, wrong = 1, nothing_failed = 2 };

/// In a machine of its own: what its process ended with, where the parent of that which crashed looked with `wanted`.
int run_crash(void (*wanted)(Task&, i32)) {
    look = wanted;
    pid_t child = ::fork();
    if (child == 0) {
        fakes::start_linux(64_MiB);
        fakes::run_linux(program);
        std::_Exit(testing::Test::HasFailure() ? wrong : failing && !failed ? nothing_failed : good);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CoreFile, HoldsThreadsAndMemory) {
    auto outcome = run_crash([](Task& task, i32 status) {
        EXPECT_EQ(status, sigsegv | 0x80);
        auto core = read_core(task, "core");
        ASSERT_TRUE(core);
        core->parse();
        std::string order;
        using Kind = core_format::Note;
        std::map<core_format::Note, char> letters{{Kind::status, 'S'}, {Kind::process, 'P'}, {Kind::signal, 'I'}, {Kind::auxiliary, 'A'}, {Kind::files, 'F'}, {Kind::floating_point, 'R'}, {Kind::x86_state, 'X'}};
        for (auto& note : core->notes) {
            order += letters[note.type];
            EXPECT_EQ(note.name, note.type == Kind::x86_state ? "LINUX" : "CORE");
        }
        ASSERT_EQ(order, "SPIAFRXSRX");
        auto first = core->contents<Status<machine::CoreRegisters>>(0), second = core->contents<Status<machine::CoreRegisters>>(7);
        EXPECT_EQ(sizeof first, 336u);
        EXPECT_EQ(first.current_signal, sigsegv);
        EXPECT_EQ(first.registers.rbx, 0x1111u);
        EXPECT_EQ(second.registers.rbx, 0x2222u);
        EXPECT_EQ(first.registers.cs, 0x33u);
        EXPECT_EQ(second.id, first.id + 1);
        EXPECT_EQ(first.parent, task.process_id());
        auto process_facts = core->contents<ProcessFacts>(1);
        EXPECT_EQ(process_facts.id, first.id);
        EXPECT_EQ(process_facts.state_letter, 'R');
        i32 signal_number;
        std::memcpy(&signal_number, core->notes[2].contents.data(), sizeof signal_number);
        EXPECT_EQ(core->notes[2].contents.size(), 128u);
        EXPECT_EQ(signal_number, sigsegv);
        EXPECT_EQ(core->notes[5].contents.size(), 512u);
        u64 components;
        std::memcpy(&components, core->notes[6].contents.data() + 464, sizeof components);
        EXPECT_EQ(components, 7u) << "debuggers look for XCR0 there";

        auto& list = core->notes[4].contents;
        FileListHeader head;
        std::memcpy(&head, list.data(), sizeof head);
        EXPECT_EQ(head.count, 1u);
        FileRange range;
        std::memcpy(&range, list.data() + sizeof head, sizeof range);
        EXPECT_EQ(range.start, file_area);
        EXPECT_EQ(range.end, file_area + 2 * page_size);
        EXPECT_EQ(range.page, 0u);
        EXPECT_EQ(list.substr(sizeof head + sizeof range), std::string("/tmp/file\0", 10));

        EXPECT_EQ(core->byte(large_area), 'm');
        EXPECT_EQ(core->byte(large_area + large_size / 2 + 3), 'k');
        EXPECT_EQ(core->byte(large_area + 4 * page_size), 0);
        EXPECT_EQ(core->byte(hidden_area), -1);
        EXPECT_EQ(core->byte(file_area + 1), 'E');
        EXPECT_EQ(core->byte(file_area + page_size), -1) << "the rest is in the file";
        EXPECT_LT(core->stored, 2_MiB) << "what was never touched is a hole";
    });
    EXPECT_EQ(outcome, good);
}

TEST(CoreFile, IsCutAtItsLimit) {
    core_limit = 3 * page_size + 100;
    auto cut = run_crash([](Task& task, i32 status) {
        EXPECT_EQ(status, sigsegv | 0x80);
        auto core = read_core(task, "core");
        ASSERT_TRUE(core);
        EXPECT_LE(core->bytes.size(), core_limit);
        EXPECT_EQ(core->at<FileHeader>(0).type, 4);
    });
    EXPECT_EQ(cut, good);
    core_limit = page_size - 1;
    auto none = run_crash([](Task& task, i32 status) {
        EXPECT_EQ(status, sigsegv);
        EXPECT_FALSE(read_core(task, "core"));
    });
    EXPECT_EQ(none, good);
    core_limit = ~u64{0};
}

TEST(CoreFile, EndsTheProcessWhateverFails) {
    int outcome = good;
    for (failing = 1; failing < 200 && outcome == good; ++failing) {
        outcome = run_crash([](Task& task, i32 status) {
            failed = memory::fail_allocation(0) == 0;
            EXPECT_EQ(status & 0x7f, sigsegv) << failing;
            auto core = read_core(task, "core");
            if (status & 0x80) EXPECT_TRUE(core) << failing;
            else EXPECT_TRUE(!core || core->bytes.empty()) << failing;
        });
    }
    EXPECT_EQ(outcome, nothing_failed);
    EXPECT_GT(failing, 10u);
    failing = 0;
}

}  // namespace
}  // namespace spore::linux
