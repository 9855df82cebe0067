#include "kernel/fs/tmpfs/inode.hpp"

#include <algorithm>

namespace spore::fs::tmpfs {

TmpInode::TmpInode(TmpFileSystem& file_system, u64 number, const NewInode& request) : TabledInode(file_system, number, request.type) {
    auto now = current_time();
    attributes_.unguarded() = Stat{.special = request.special, .permissions = request.permissions, .links = 0,
                                   .uid = request.uid, .gid = request.gid,
                                   .accessed = now, .modified = now, .changed = now, .created = now};
}

TmpInode::TmpInode(TmpFileSystem& file_system, Shared<Inode> lower, const Stat& stat)
    : TabledInode(file_system, lower->number(), lower->type()), lower_(std::move(lower)) {
    attributes_.unguarded() = stat;
    // What was found by a name has one, whatever a damaged image says of that.
    attributes_.unguarded().links = std::max(1u, stat.links);
    size_.store(stat.size, std::memory_order_relaxed);
}

TmpInode::~TmpInode() {
    if (lower_) owner().inodes_.remove(*this);
    owner().uncharge_records((u64{charged_links_} + (lower_ ? 0 : 1)) * TmpFileSystem::file_record + extended_.unguarded().charged);
}

Result<Stat> TmpInode::stat() { return Inode::stat(); }

Result<void> TmpInode::change(const AttributeChange& change) {
    owner().pin(*this);
    auto changed = Inode::change(change);
    access_noted_.store(false, std::memory_order_relaxed);
    return changed;
}

void TmpInode::note_access() {
    if (!lower_) note_own_access();
}

void TmpInode::note_own_access() {
    if (access_noted_.load(std::memory_order_relaxed)) return;
    auto now = current_time();
    attributes_.with([&](Stat& s) {
        if (s.accessed <= s.modified || s.accessed <= s.changed) s.accessed = now;
        access_noted_.store(true, std::memory_order_relaxed);
    });
}

void TmpInode::add_links(int difference) {
    owner().pin(*this);
    auto now = current_time();
    u32 left = attributes_.with([&](Stat& s) {
        s.changed = now;
        access_noted_.store(false, std::memory_order_relaxed);
        if (difference < 0 && charged_links_) --charged_links_, owner().uncharge_records(TmpFileSystem::file_record);
        return s.links += static_cast<u32>(difference);
    });
    if (left == 0) owner().unpin(*this);
}

Result<void> TmpInode::gain_link() {
    owner().pin(*this);
    auto now = current_time();
    return attributes_.with([&](Stat& s) -> Result<void> {
        if (s.links == 0 && !awaits_link_) return fail(Error::not_found);
        if (s.links >= 0x7fff'ffff) return fail(Error::too_many_links);
        // A name takes memory as a file does.
        if (s.links != 0) TRY(owner().charge_records(TmpFileSystem::file_record)), ++charged_links_;
        awaits_link_ = false;
        s.changed = now;
        access_noted_.store(false, std::memory_order_relaxed);
        ++s.links;
        return {};
    });
}

[[gnu::always_inline]] void TmpInode::stamp_modified() {
    auto now = current_time();
    attributes_.with([&](Stat& s) {
        s.modified = s.changed = now;
        access_noted_.store(false, std::memory_order_relaxed);
    });
}

Result<void> TmpInode::charge_attributes(Extended& extended, u64 bytes) {
    if (bytes > extended.charged) TRY(owner().charge_records(bytes - extended.charged));
    else owner().uncharge_records(extended.charged - bytes);
    extended.charged = bytes;
    return {};
}

Result<void> TmpInode::set_charged(Extended& extended, std::string_view name, ByteSpan value, bool create, bool replace) {
    TRY(charge_attributes(extended, std::max(extended.charged, extended.list.bytes_with(name, value.size()))));
    auto set = extended.list.set(name, value, create, replace);
    (void)charge_attributes(extended, extended.list.bytes());  // no more than that
    return set;
}

Result<void> TmpInode::copy_lower_attributes(Extended& extended) {
    if (extended.copied || !lower_) return {};
    auto size = TRY(lower_->list_attributes({}));
    auto names = TRY(Text::reserve(size));
    if (size != 0) TRY(lower_->list_attributes(std::as_writable_bytes(names.buffer())));
    for (auto rest = names.view().substr(0, size); !rest.empty();) {
        auto name = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        auto value_size = TRY(lower_->get_attribute(name, {}));
        auto value = TRY(Text::reserve(value_size));
        if (value_size != 0) TRY(lower_->get_attribute(name, std::as_writable_bytes(value.buffer())));
        TRY(set_charged(extended, name, std::as_bytes(value.buffer()), false, false));
    }
    extended.copied = true;
    return {};
}

namespace {
/// Lists of who may do what (system.posix_acl_access) would have to be kept to; what nothing keeps to is not taken [acl(5)].
bool is_for_the_system(std::string_view name) { return name.starts_with("system."); }
}  // namespace

Result<u64> TmpInode::get_attribute(std::string_view name, MutableByteSpan value) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    return extended_.with([&](Extended& extended) {
        return lower_ && !extended.copied ? lower_->get_attribute(name, value) : extended.list.get(name, value);
    });
}

Result<void> TmpInode::set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    owner().pin(*this);
    return extended_.with([&](Extended& extended) -> Result<void> {
        TRY(copy_lower_attributes(extended));
        return set_charged(extended, name, value, create, replace);
    });
}

Result<u64> TmpInode::list_attributes(MutableByteSpan names) {
    return extended_.with([&](Extended& extended) {
        return lower_ && !extended.copied ? lower_->list_attributes(names) : extended.list.list(names);
    });
}

Result<void> TmpInode::remove_attribute(std::string_view name) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    owner().pin(*this);
    return extended_.with([&](Extended& extended) -> Result<void> {
        TRY(copy_lower_attributes(extended));
        TRY(extended.list.remove(name));
        return charge_attributes(extended, extended.list.bytes());
    });
}

}  // namespace spore::fs::tmpfs
