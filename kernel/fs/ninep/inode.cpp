#include "kernel/fs/ninep/inode.hpp"

#include "kernel/fs/ninep/file.hpp"
#include "kernel/time/timer.hpp"

namespace spore::fs::ninep {

using namespace wire::ninep;

namespace {

NinepInode& mine(Inode& inode) { return static_cast<NinepInode&>(inode); }

FileTime time_of(const Time& time) { return {static_cast<i64>(time.seconds), static_cast<u32>(std::min<u64>(time.nanoseconds, 999'999'999))}; }
Time time_of(const FileTime& time) { return {static_cast<u64>(time.seconds), time.nanoseconds}; }

constexpr Duration freshness = Duration::ms(1);

constexpr u64 max_size = ~u64{0} >> 1;
/// More than this, no Linux file system has [xattr(7)].
constexpr u64 max_attribute = 64_KiB;

}  // namespace

NinepInode::NinepInode(NinepFileSystem& file_system, const Attributes& attributes, Shared<Fid> fid)
    : TabledInode(file_system, attributes.qid.path, static_cast<FileType>(attributes.mode >> 12 & 15)) {
    fid_.unguarded() = std::move(fid);
}

NinepInode::~NinepInode() { owner().inodes_.remove(*this); }

Result<void> NinepInode::take(const Attributes& a, u32 changes) {
    if (a.qid.path != number() || static_cast<FileType>(a.mode >> 12 & 15) != type()) return fail(Error::not_found);  // another file by now
    if (a.size > max_size) return fail(Error::protocol);
    bool differs = attributes_.with([&](Stat& s) {
        auto modified = time_of(a.modified);
        bool other = s.modified.seconds != modified.seconds || s.modified.nanoseconds != modified.nanoseconds || size() != a.size;
        s.permissions = static_cast<u16>(a.mode & 07777);
        s.links = static_cast<u32>(std::min<u64>(a.links, ~u32{0}));
        s.uid = a.uid;
        s.gid = a.gid;
        s.special = a.device;
        s.blocks = a.blocks;
        s.block_size = static_cast<u32>(std::min<u64>(a.block_size ? a.block_size : page_size, client().chunk()));
        s.accessed = time_of(a.accessed);
        s.modified = modified;
        s.changed = time_of(a.changed);
        // What was written since the question was asked counts more than the answer.
        if (changes == changes_.load(std::memory_order_acquire)) size_.store(a.size, std::memory_order_release);
        return other;
    });
    if (differs) contents_differ();
    return {};
}

Result<void> NinepInode::refresh() {
    u32 changes = changes_.load(std::memory_order_acquire);
    auto attributes = client().get_attributes(*fid());
    auto outcome = attributes ? take(*attributes, changes) : fail(attributes.error());
    // QEMU (before 9.2) and diod look for the path even where a file is open: of a file that was removed what is known must do.
    if (outcome || outcome.error() != Error::not_found || !removed_.load(std::memory_order_relaxed)) return outcome;
    attributes_.with([](Stat& s) { s.links = 0; });
    return {};
}

Result<void> NinepInode::check_known() {
    if (!removed_.load(std::memory_order_relaxed)) return {};
    auto attributes = TRY(client().get_attributes(*fid()));
    if (attributes.qid.path != number()) return fail(Error::not_found);
    return {};
}

Result<void> NinepInode::found_in(NinepInode& directory, std::string_view name) {
    if (client().follows_files()) return {};
    auto copy = TRY(Text::copy(name));
    place_.with([&](Place& place) {
        place.parent = directory.number();
        std::swap(place.name, copy);
    });
    return {};
}

Result<void> NinepInode::renew(NinepInode& parent) {
    char buffer[256];  // no name is longer (wire::ninep::is_name)
    auto name = place_.with([&](Place& place) { return std::string_view(buffer, place.name.view().copy(buffer, sizeof buffer)); });
    auto found = TRY(client().walk(*parent.fid(), name));
    if (TRY(client().get_attributes(*found)).qid.path != number()) return fail(Error::not_found);
    fid_.with([&](Shared<Fid>& old) { std::swap(old, found); });
    return {};
}

Result<Stat> NinepInode::stat() {
    if (time::now().nanoseconds >= fresh_until_.exchange(0, std::memory_order_relaxed)) TRY(refresh());
    return Inode::stat();
}

Result<void> NinepInode::change(const AttributeChange& c) {
    namespace bit = wire::ninep::change;
    AttributeRequest request{.mode = c.permissions, .uid = c.uid, .gid = c.gid, .accessed = time_of(c.accessed), .modified = time_of(c.modified)};
    if (c.set_permissions) request.which |= bit::mode;
    if (c.set_uid) request.which |= bit::uid;
    if (c.set_gid) request.which |= bit::gid;
    if (c.set_accessed) request.which |= bit::accessed | bit::set_accessed;
    if (c.set_modified) request.which |= bit::modified | bit::set_modified;
    changed();
    TRY(check_known());
    auto done = client().set_attributes(*fid(), request);
    // A server in a namespace of its own has no number for most owners [user_namespaces(7)].
    if (!done && done.error() == Error::invalid && (c.set_uid || c.set_gid)) return fail(Error::not_permitted);
    return done;
}

Result<Shared<Inode>> NinepInode::look_up(std::string_view name) {
    if (!is_directory()) return fail(Error::not_directory);
    auto found = TRY(owner().inode(TRY(client().walk(*fid(), name))));
    TRY(found->found_in(*this, name));
    found->fresh_until_.store((time::now() + freshness).nanoseconds, std::memory_order_relaxed);
    return found;
}

Result<Shared<Inode>> NinepInode::create(std::string_view name, const NewInode& request) {
    auto directory = fid();
    Shared<Fid> opened;
    u32 mode = u32{request.permissions} | static_cast<u32>(request.type) << 12;
    switch (request.type) {
    case FileType::directory: TRY(client().make_directory(*directory, name, request.permissions)); break;
    case FileType::link: TRY(client().make_symlink(*directory, name, request.target)); break;
    case FileType::regular:
        opened = TRY(client().walk(*directory));
        TRY(client().create(*opened, name, open_flag::read_write | open_flag::create | open_flag::exclusive, request.permissions));
        break;
    default: TRY(client().make_node(*directory, name, mode, request.special));
    }
    auto made = TRY(look_up(name));
    auto stat = TRY(made->Inode::stat());
    if (made->type() != request.type) return fail(Error::exists);  // somebody on the host was faster
    if (opened) static_cast<NinepFile&>(*made).adopt(std::move(opened));
    if (stat.uid != request.uid || stat.gid != request.gid) {
        // The server may be nobody who can give files away: then they are its own.
        auto given = made->change({.set_uid = true, .set_gid = true, .uid = request.uid, .gid = request.gid});
        if (!given && given.error() != Error::not_permitted) return fail(given.error());
        if (given) TRY(mine(*made).refresh());
    }
    return made;
}

Result<void> NinepInode::link(std::string_view name, Inode& target) {
    mine(target).changed();
    return client().link(*fid(), *mine(target).fid(), name);
}

Result<void> NinepInode::remove(std::string_view name, NinepInode& target, u32 flags) {
    target.changed();
    TRY(client().unlink(*fid(), name, flags));
    target.removed_.store(true, std::memory_order_relaxed);
    return {};
}

Result<void> NinepInode::unlink(std::string_view name, Inode& target) {
    return remove(name, mine(target), 0);
}

Result<void> NinepInode::remove_directory(std::string_view name, Inode& target) {
    return remove(name, mine(target), unlink_directory);
}

Result<void> NinepInode::rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name, Inode* replaced, bool exchange) {
    if (exchange) return fail(Error::invalid);  // the protocol cannot
    mine(target).changed();
    if (replaced) mine(*replaced).changed();
    if (auto moved = TRY(client().rename(*fid(), name, *mine(new_directory).fid(), new_name))) {
        mine(target).fid_.with([&](Shared<Fid>& old) { std::swap(old, moved); });
        (void)mine(target).found_in(mine(new_directory), new_name);  // without memory it is not led along the next time
        if (target.is_directory()) owner().renew_below(mine(target));
    }
    if (replaced) mine(*replaced).removed_.store(true, std::memory_order_relaxed);
    return {};
}

Result<Shared<Fid>> NinepInode::open_directory(u64 position) {
    auto opened = directory_.with([](Shared<Fid>& open) { return open; });
    if (opened && position != 0) return opened;
    opened = TRY(client().walk(*fid()));
    TRY(client().open(*opened, open_flag::read_only | open_flag::directory));
    directory_.with([&](Shared<Fid>& open) {
        auto replaced = std::exchange(open, opened);
        return replaced;  // goes outside of the lock
    });
    return opened;
}

Result<void> NinepInode::read_directory(u64 position, DirectorySink& sink) {
    if (!is_directory()) return fail(Error::not_directory);
    position -= 2;  // the dots are the VFS's
    auto opened = TRY(open_directory(position));
    // A server that gives nothing but dots, for ever, is not read for ever.
    for (unsigned idle = 0; idle < 16; ++idle) {
        bool full = false;
        bool any = TRY(client().read_directory(*opened, position, [&](const DirectoryRecord& record) {
            if (record.name != "." && record.name != "..") {
                if (!is_name(record.name)) return true;
                if (!sink.entry(record.name, record.qid.path, static_cast<FileType>(record.type & 15), record.next + 2)) {
                    full = true;
                    return false;
                }
                idle = 0;
            }
            position = record.next;
            return true;
        }));
        if (full) return {};
        if (!any) {
            directory_.with([&](Shared<Fid>& open) { return open == opened ? std::exchange(open, {}) : Shared<Fid>(); });
            return {};
        }
    }
    return fail(Error::protocol);
}

Result<std::string_view> NinepInode::link_target() {
    if (type() != FileType::link) return fail(Error::invalid);
    Guard guard(target_mutex_);
    if (target_.empty()) {
        auto target = TRY(client().read_link(*fid()));
        if (target.empty() || target.view().find('\0') != std::string_view::npos) return fail(Error::protocol);
        target_ = std::move(target);
    }
    return target_.view();  // once it is set it stays: a link does not change
}

Result<void> NinepInode::read_attribute(std::string_view name, MutableByteSpan into, u64& size) {
    auto found = TRY(client().find_attribute(*fid(), name));
    size = found.size;
    if (into.empty()) return {};
    if (size > into.size()) return fail(Error::out_of_range);
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    for (u64 done = 0; done < size;) {
        u32 part = static_cast<u32>(std::min<u64>(size - done, page_size));
        device::TransferPiece piece{frame.address(), part};
        u32 count = TRY(client().read(*found.fid, done, part, {&piece, 1}));
        if (count == 0) return fail(Error::protocol);
        std::memcpy(into.data() + done, frame.bytes(), count);
        done += count;
    }
    return {};
}

Result<u64> NinepInode::get_attribute(std::string_view name, MutableByteSpan value) {
    u64 size = 0;
    TRY(read_attribute(name, value, size));
    return size;
}

Result<u64> NinepInode::list_attributes(MutableByteSpan names) { return get_attribute({}, names); }

Result<void> NinepInode::write_attribute(std::string_view name, ByteSpan value, u32 flags) {
    if (value.size() > max_attribute) return fail(Error::too_big);
    auto to = TRY(client().walk(*fid()));
    TRY(client().create_attribute(*to, name, value.size(), flags));
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    for (u64 done = 0; done < value.size();) {
        u32 part = static_cast<u32>(std::min<u64>(value.size() - done, page_size));
        std::memcpy(frame.bytes(), value.data() + done, part);
        device::TransferPiece piece{frame.address(), part};
        u32 count = TRY(client().write(*to, done, part, {&piece, 1}));
        if (count == 0) return fail(Error::protocol);
        done += count;
    }
    return client().clunk(std::move(to));
}

Result<void> NinepInode::set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) {
    return write_attribute(name, value, (create ? 1u : 0u) | (replace ? 2u : 0u));  // XATTR_CREATE, XATTR_REPLACE
}

Result<void> NinepInode::remove_attribute(std::string_view name) {
    u64 size = 0;
    TRY(read_attribute(name, {}, size));
    return write_attribute(name, {}, 2);  // no value, instead of one that is there
}

}  // namespace spore::fs::ninep
