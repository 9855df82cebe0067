// What was asked of a file is kept beside it, since few files are asked: found by the file's address, gone with the file.
//
// Locks, in order: File::watchers_mutex(), table_lock or a source's lock, FileEvents::lock_, the process tree's.
#include "kernel/linux/signal/file_events.hpp"

#include <limits>

#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

/// Who set the owner, for whom the signals are sent.
struct Sender {
    u32 uid = 0, effective_uid = 0;

    /// [linux] sigio_perm
    bool may_signal(Process& target) const {
        auto to = target.credentials();
        return effective_uid == 0 || effective_uid == to.saved_uid || effective_uid == to.uid || uid == to.saved_uid || uid == to.uid;
    }
};

class FileEvents final : public fs::PollObserver, public fs::FileWatcher {
public:
    explicit FileEvents(fs::File& file) : file_(&file) {}

    Result<void> set_owner(EventOwner owner);
    EventOwner owner();
    void set_signal(i32 number) {
        Guard guard(lock_);
        signal_ = number;
    }
    i32 signal() {
        Guard guard(lock_);
        return signal_;
    }
    void set_asynchronous(i32 descriptor, bool on);
    const fs::File* file() const { return file_; }

    bool notify(Ready what) override;
    void file_closing(fs::File& closing) override;
    ListLink<FileEvents> link;

private:
    void settle();
    bool send(const SignalInfo& info);
    i32 code_of(Ready what) const;

    fs::File* file_;
    sync::Mutex attaching_;  ///< guards attached_
    bool attached_ = false;
    sync::Spin lock_;        ///< all below
    EventOwner::Kind kind_ = EventOwner::Kind::task;
    Shared<Process> process_;
    Shared<Task> task_;
    i32 group_ = 0;
    Sender sender_;
    i32 signal_ = 0, descriptor_ = -1;
    bool asynchronous_ = false, owned_ = false;
};

struct Bucket {
    List<FileEvents, &FileEvents::link> items;
};
constexpr std::size_t bucket_count = 32;
constinit Bucket table[bucket_count];
constinit sync::Spin table_lock;

Bucket& bucket_of(const fs::File& file) { return table[(reinterpret_cast<u64>(&file) >> 5) * 0x9e37'79b9'7f4a'7c15 >> 59]; }

/// Null when nothing was ever asked. It stays as long as the file, which the caller holds.
FileEvents* find(fs::File& file) {
    Guard guard(table_lock);
    for (auto& item : bucket_of(file).items)
        if (item.file() == &file) return &item;
    return nullptr;
}

Result<FileEvents*> ensure(fs::File& file) {
    if (auto* found = find(file)) return found;
    auto made = TRY(make_owned<FileEvents>(file));
    {
        Guard guard(table_lock);
        for (auto& item : bucket_of(file).items)
            if (item.file() == &file) return &item;
        bucket_of(file).items.push_back(*made);
    }
    file.watch(*made);
    return made.release();
}

Result<void> FileEvents::set_owner(EventOwner owner) {
    Shared<Process> process;
    Shared<Task> task;
    if (owner.id) {
        switch (owner.kind) {
        case EventOwner::Kind::task:
            if (!(task = find_task(owner.id))) return fail(Error::no_process);
            break;
        case EventOwner::Kind::process:
            if (!(process = find_process(owner.id))) return fail(Error::no_process);
            break;
        case EventOwner::Kind::group: {
            TreeGuard guard(tree_lock());
            bool found = false;
            tree().groups.for_each(owner.id, [&](Process&) { return !(found = true); });
            if (!found) return fail(Error::no_process);
        }
        }
    }
    auto credentials = current_task().process().credentials();
    {
        Guard guard(lock_);
        kind_ = owner.kind;
        std::swap(process_, process), std::swap(task_, task);  // the former go after the lock
        group_ = owner.kind == EventOwner::Kind::group ? owner.id : 0;
        sender_ = {credentials.uid, credentials.effective_uid};
        owned_ = owner.id != 0;
    }
    settle();
    return {};
}

EventOwner FileEvents::owner() {
    Guard guard(lock_);
    TreeGuard tree_guard(tree_lock());
    switch (kind_) {
    case EventOwner::Kind::task: return {kind_, task_ && task_->number_link.linked ? task_->id() : 0};
    case EventOwner::Kind::process: return {kind_, process_ && process_->number_link.linked ? process_->id() : 0};
    case EventOwner::Kind::group: return {kind_, group_};
    }
    std::unreachable();
}

void FileEvents::set_asynchronous(i32 descriptor, bool on) {
    {
        Guard guard(lock_);
        asynchronous_ = on;
        descriptor_ = descriptor;
    }
    settle();
}

/// Listens to the file as long as somebody is to be told.
void FileEvents::settle() {
    auto* source = file_->poll_source();
    if (!source) return;
    Guard guard(attaching_);
    bool wanted;
    {
        Guard state(lock_);
        wanted = asynchronous_ || (owned_ && file_->kind() == fs::FileKind::socket);  // SIGURG needs no O_ASYNC
    }
    if (wanted == attached_) return;
    attached_ = wanted;
    if (wanted) source->attach(*this);
    else source->detach(*this);
}

/// False when the owner takes no more of this signal. With lock_ held: so no owner ends in here.
bool FileEvents::send(const SignalInfo& info) {
    switch (kind_) {
    case EventOwner::Kind::task: return !task_ || !sender_.may_signal(task_->process()) || try_send_to_task(*task_, info);
    case EventOwner::Kind::process: return !process_ || !sender_.may_signal(*process_) || try_send_to_process(*process_, info);
    case EventOwner::Kind::group: break;
    }
    bool taken = true;
    for (auto process = group_ ? next_in_group(1, group_) : nullptr; process; process = next_in_group(process->id() + 1, group_))
        if (sender_.may_signal(*process)) taken &= try_send_to_process(*process, info);
    return taken;
}

/// Why, as siginfo says it. A pipe's other end going away is told as if there were data, or room.
i32 FileEvents::code_of(Ready what) const {
    bool pipe = file_->kind() == fs::FileKind::pipe;
    if (pipe && file_->mode().read && any(what & (Ready::in | Ready::hang_up))) return poll_in;
    if (pipe && file_->mode().write && any(what & (Ready::out | Ready::error))) return poll_out;
    if (pipe) return 0;
    if (any(what & Ready::priority)) return poll_pri;
    if (any(what & Ready::error)) return poll_err;
    if (any(what & Ready::hang_up)) return poll_hup;
    if (any(what & (Ready::in | Ready::read_hang_up))) return poll_in;
    return any(what & Ready::out) ? poll_out : 0;
}

/// As poll tells of the same, with the names for data of other priorities too [linux] band_table.
u64 band_of(i32 code) {
    constexpr u64 in = 0x1, priority = 0x2, out = 0x4, error = 0x8, hang_up = 0x10, normal_in = 0x40, banded_in = 0x80, normal_out = 0x100,
                  banded_out = 0x200;
    switch (code) {
    case poll_in: return in | normal_in;
    case poll_out: return out | normal_out | banded_out;
    case poll_err: return error;
    case poll_pri: return priority | banded_in;
    default: return hang_up | error;
    }
}

bool FileEvents::notify(Ready what) {
    i32 code = code_of(what);
    if (!code) return false;
    Guard guard(lock_);
    bool urgent = code == poll_pri;
    if (urgent && file_->kind() == fs::FileKind::socket) (void)send(SignalInfo::from_kernel(sigurg));
    // Urgent data has its signal, unless one with a descriptor was asked for.
    if (!asynchronous_ || (urgent && !signal_)) return false;
    if (signal_) {
        bool ambiguous = signal_ != sigio && with_own_codes.has(signal_);
        if (send(SignalInfo::of_file(signal_, ambiguous ? static_cast<i32>(si_sigio) : code, band_of(code), descriptor_))) return false;
    }
    (void)send(SignalInfo::from_kernel(sigio));  // the plain one also says that too many wait
    return false;
}

/// The file's last owner is gone: nobody asks for this any more.
void FileEvents::file_closing(fs::File& closing) {
    if (attached_) closing.poll_source()->detach(*this);
    closing.unwatch(*this);
    {
        Guard guard(table_lock);
        bucket_of(closing).items.remove(*this);
    }
    delete this;
}

}  // namespace

Result<EventOwner> owner_numbered(i32 number) {
    if (number == std::numeric_limits<i32>::min()) return fail(Error::invalid);
    if (number < 0) return EventOwner{EventOwner::Kind::group, -number};
    return EventOwner{EventOwner::Kind::process, number};
}

Result<void> set_event_owner(fs::File& file, EventOwner owner) {
    if (owner.id < 0) return fail(Error::no_process);
    return TRY(ensure(file))->set_owner(owner);
}
EventOwner event_owner(fs::File& file) {
    auto* events = find(file);
    return events ? events->owner() : EventOwner{};
}

Result<void> set_event_signal(fs::File& file, i32 number) {
    TRY(ensure(file))->set_signal(number);
    return {};
}
i32 event_signal(fs::File& file) {
    auto* events = find(file);
    return events ? events->signal() : 0;
}

bool tells_of_events(const fs::File& file) {
    switch (file.kind()) {
    case fs::FileKind::pipe:
    case fs::FileKind::socket:
    case fs::FileKind::terminal:
    case fs::FileKind::inotify: return true;
    default: return false;
    }
}

Result<void> set_asynchronous(fs::File& file, i32 descriptor, bool on) {
    if (!tells_of_events(file)) return {};
    TRY(ensure(file))->set_asynchronous(descriptor, on);
    return {};
}

}  // namespace spore::linux
