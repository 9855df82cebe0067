#include "kernel/fs/file.hpp"

#include "kernel/fs/notify.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::fs {

Result<u64> File::read(IoBuffer&) { return fail(Error::invalid); }
Result<u64> File::write(IoBuffer&) { return fail(Error::invalid); }
Result<u64> File::read_at(IoBuffer&, u64) { return fail(Error::illegal_seek); }
Result<u64> File::write_at(IoBuffer&, u64) { return fail(Error::illegal_seek); }
Result<u64> File::seek(i64, Whence) { return fail(Error::illegal_seek); }
Result<Stat> File::stat() {
    if (auto* node = inode()) return node->stat();
    // Anonymous files: what fstat shows for eventfd, epoll and their like.
    return Stat{.type = FileType::unknown, .permissions = 0600};
}
Result<void> File::truncate(u64) { return fail(Error::invalid); }
Result<void> File::allocate(u32, u64, u64) { return fail(Error::no_device); }
Result<void> File::sync(bool) { return fail(Error::invalid); }
Result<void> File::read_directory(DirectorySink&) { return fail(Error::not_directory); }
Result<u64> File::ioctl(u32, u64) { return fail(Error::not_a_terminal); }
Ready File::ready() { return Ready::in | Ready::out; }
PollSource* File::poll_source() { return nullptr; }
Result<Shared<memory::MappedObject>> File::map(MapWrites) { return fail(Error::no_device); }


namespace {
constinit sync::Mutex all_watchers;
/// Guards every file's list of watchers.
constinit sync::Spin watcher_lists;
}  // namespace

sync::Mutex& File::watchers_mutex() { return all_watchers; }

void File::watch(FileWatcher& watcher) {
    Guard guard(watcher_lists);
    watchers_.push_back(watcher);
    watched_.store(true, std::memory_order_release);
}

void File::unwatch(FileWatcher& watcher) {
    Guard guard(watcher_lists);
    if (watchers_.contains_any(watcher)) watchers_.remove(watcher);
}

void File::tell_of_close() const { tell(const_cast<File&>(*this), mode_.write ? Change::closed_writable : Change::closed); }

void File::tell_watchers() const {
    auto& self = const_cast<File&>(*this);  // nobody else has it any more
    Guard guard(all_watchers);
    while (true) {
        FileWatcher* first;
        {
            Guard list_guard(watcher_lists);
            first = self.watchers_.first();
        }
        if (!first) return;
        first->file_closing(self);
    }
}

}  // namespace spore::fs
