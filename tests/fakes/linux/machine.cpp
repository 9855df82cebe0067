#include "tests/fakes/linux/machine.hpp"

#include <optional>
#include <vector>

#include "arch/entry.hpp"
#include "arch/registers.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/fs/dentry_cache.hpp"
#include "kernel/fs/devices/devices.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/linux/futex/futex.hpp"
#include "kernel/linux/ipc/queues.hpp"
#include "kernel/linux/ipc/segments.hpp"
#include "kernel/linux/ipc/semaphores.hpp"
#include "kernel/linux/proc/proc.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/linux/socket/netlink/netlink_socket.hpp"
#include "kernel/linux/socket/packet/packet_socket.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/linux/terminal/devpts.hpp"
#include "kernel/net/start.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/mmu.hpp"
#include "tests/fakes/simulation.hpp"
#include "tests/fakes/user_memory.hpp"

namespace spore::fakes {
namespace {

using namespace linux;

Program the_program = nullptr;
/// Process 1, which nobody runs: parent of all, and deaf.
Process* first = nullptr;

/// Of what can only fail without memory: the fakes have enough when a run begins.
template <typename T>
T made(Result<T> result) {
    return MUST(std::move(result), "memory is free");
}

Shared<fs::Dentry> make_tmpfs(u64 limit) { return made(fs::make_tree(made(fs::tmpfs::TmpFileSystem::create(limit)))); }

/// A tree with what the kernel mounts in it.
class MountedTree {
public:
    MountedTree() {
        root_ = make_tmpfs(4_MiB);
        for (auto* path : {"/dev", "/proc", "/sys", "/tmp"}) covered_.push_back(ensure(path));
        made(fs::mount(*covered_[0], made(fs::create_devices()), false));
        covered_.push_back(ensure("/dev/pts"));
        made(mount_kernel_files(*root_));
        made(mount_pseudoterminals(*root_));
    }
    ~MountedTree() {
        for (; !covered_.empty(); covered_.pop_back()) {
            fs::dentry_cache().shrink();
            fs::unmount(*covered_.back());
        }
        fs::dentry_cache().shrink();
        root_.reset();
        fs::dentry_cache().shrink();
    }
    const Shared<fs::Dentry>& root() const { return root_; }

private:
    Shared<fs::Dentry> ensure(const char* path) {
        fs::Context context{.root = *root_, .directory = *root_, .umask = 0};
        (void)fs::make_directory(context, *root_, path, 01777);
        return made(fs::resolve(context, *root_, path, fs::Follow::yes));
    }
    Shared<fs::Dentry> root_;
    std::vector<Shared<fs::Dentry>> covered_;
};

void begin(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    arch::prepare_program_frame(task.thread().program_frame(), program_area, program_area + program_area_size);
    the_program(task);
    exit_process(task, WaitStatus::exited(0));
}

Shared<Task> make_task(const Shared<Process>& process, const Shared<fs::Dentry>& root) {
    auto files = made(FileTable::create());
    auto memory = made(memory::AddressSpace::create());
    made(memory->map({.hint = program_area, .size = program_area_size, .access = {.read = true, .write = true}, .placement = memory::Placement::exactly}));
    process->set_memory(memory);
    auto place = made(make_shared<Place>(root, root, u16{022}));
    return made(Task::create({process, std::move(memory), std::move(files), std::move(place)}, begin));
}

Shared<Process> make_process(u64 handler) {
    auto process = made(Process::create());
    process->handlers = made(make_shared<SignalHandlers>());
    for (auto& action : process->handlers->actions) action.handler = handler;
    return process;
}

/// How often waits were ended in this run; after so many, the programs are.
u32 ended_waits = 0;
constexpr u32 most_ended_waits = 50;

/// Waits end, and who was stopped goes on: nobody else is there who would see to it.
void come_back(time::Timer& timer) {
    if (++ended_waits > most_ended_waits)
        for (i32 id = first->id() + 1; auto process = next_process(id); id = process->id() + 1) kill_process(*process);
    {
        TreeGuard guard(tree_lock());
        tree().tasks.for_each([](Task& task) {
            auto& process = task.process();
            if (&process == first) return true;
            process.stop_signal = 0;
            process.resumed.wake_all();
            task.demand_attention();
            return true;
        });
    }
    timer.arm(time::now() + Duration::ms(100));
}
constinit time::Timer patience{come_back};

void sleep(Duration span) {
    auto until = time::now() + span;
    while (time::now() < until) {
        task::prepare_to_block();
        (void)task::block(sync::Interruptible::no, until);
    }
}

/// Objects by key stay when all processes have ended, until somebody removes them.
template <typename T>
void remove_all(linux::ipc::Table<T>& table) {
    while (true) {
        std::optional<i32> id;
        table.for_each([&](T& object) { id = object.id; });
        if (!id) return;
        made(table.find(*id))->remove();
    }
}
void remove_objects_by_key() {
    remove_all(linux::ipc::semaphores());
    remove_all(linux::ipc::queues());
    linux::ipc::segments().for_each([](linux::ipc::Segment& segment) { segment.removed = true; });
    linux::ipc::segments().sweep();
}

void wait_for_all() {
    auto limit = time::now() + Duration::seconds(3600);
    TreeGuard guard(tree_lock());
    while (!first->children.empty()) {
        if (time::now() >= limit) core::panic("a process does not end");
        (void)first->child_changed.wait(tree_lock(), sync::Interruptible::no, time::now() + Duration::seconds(1));
    }
}

}  // namespace

void start_linux(u64 memory) {
    set_program_memory(ProgramMemory::paged);
    reset_memory(memory);
    set_time(static_cast<u64>(Duration::seconds(3600).nanoseconds));
    start_simulation({.interrupt = Duration::us(20)});
    device::start_poller();
    net::start({});
    futex::set_thread_lookup([](u32 id) { return static_cast<bool>(find_task(static_cast<i32>(id))); });
    register_inet_families();
    register_netlink_family();
    register_packet_family();
    made(fs::register_memory_devices());
    set_program([](arch::TrapFrame&) {
        auto& task = current_task();
        the_program(task);
        exit_process(task, WaitStatus::exited(0));
    });
    {  // the stacks that the scheduler keeps for the next threads
        std::vector<Owned<task::Thread>> threads;
        for (int i = 0; i < 16; ++i) threads.push_back(made(task::Thread::create("spare", nullptr, nullptr)));
    }
    auto process = make_process(SignalAction::ignore);
    first = process.get();
    auto root = make_tmpfs(0);
    auto task = make_task(process, root);
    (void)attach(*process, *task, nullptr);
    (void)task.leak();
    (void)process.leak();
}

u32 linux_tasks() {
    TreeGuard guard(tree_lock());
    return tree().task_count - 1;  // the first process's own
}

void run_linux(Program program) {
    the_program = program;
    ended_waits = 0;
    set_host_name("spore");
    set_domain_name("");
    time::set_wall_nanoseconds(1'700'000'000'000'000'000);
    {
        MountedTree tree;
        {
            auto process = make_process(SignalAction::by_default);
            auto task = make_task(process, tree.root());
            Maker maker(*first);
            (void)attach(*process, *task, &maker);
            patience.arm(time::now() + Duration::ms(100));
            task->start();
        }
        wait_for_all();
        patience.cancel();
        while (linux_tasks() > 0) sleep(Duration::ms(1));
        remove_objects_by_key();
        sleep(Duration::seconds(1800));  // more than any connection is kept for a peer that says nothing
    }
}

i64 system_call(Task& task, u64 number, const u64 (&arguments)[6]) {
    auto& frame = task.thread().program_frame();
    constexpr int again = 3;  // a call that is interrupted is made anew, but not for ever
    for (int i = 0; i < again; ++i) {
        spend_in_kernel(Duration::us(1));
        frame.origin = frame.rax = number;
        frame.rdi = arguments[0], frame.rsi = arguments[1], frame.rdx = arguments[2];
        frame.r10 = arguments[3], frame.r8 = arguments[4], frame.r9 = arguments[5];
        u64 at = frame.rip;
        arch::set_system_call_result(frame, entry::any_system_call(static_cast<task::ThreadOwner*>(&task), frame));
        entry::leave_to_program(frame);
        if (frame.rip != at - 2) break;
        frame.rip = at;
        number = frame.rax;
    }
    return arch::system_call_result(frame);
}

}  // namespace spore::fakes
