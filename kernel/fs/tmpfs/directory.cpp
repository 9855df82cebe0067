#include "kernel/fs/tmpfs/directory.hpp"

namespace spore::fs::tmpfs {
namespace {

/// Over a lower directory, positions of own entries begin here; below lie the lower directory's.
constexpr u64 own_positions = u64{1} << 62;

TmpInode& mine(Inode& inode) { return static_cast<TmpInode&>(inode); }

}  // namespace

TmpDirectory::~TmpDirectory() {
    while (!by_name_.empty()) erase(*by_name_.begin());
}

TmpDirectory::Entry* TmpDirectory::find(std::string_view name) {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &*found;
}

bool TmpDirectory::lower_has(std::string_view name) {
    // When it cannot be told, hiding a name that is not there does no harm.
    if (!lower()) return false;
    auto found = lower()->look_up(name);
    return found || found.error() != Error::not_found;
}

Result<TmpDirectory::Entry*> TmpDirectory::ensure(std::string_view name) {
    if (auto* entry = find(name)) return entry;
    auto entry = TRY(make_owned<Entry>());
    entry->name = TRY(Text::copy(name));
    entry->position = next_position_++;
    by_name_.insert(*entry);
    by_position_.insert(*entry);
    return entry.release();
}

void TmpDirectory::erase(Entry& entry) {
    by_name_.erase(by_name_.iterator_to(entry));
    by_position_.erase(by_position_.iterator_to(entry));
    Owned<Entry>(&entry).reset();
}

void TmpDirectory::set(Entry& entry, Shared<TmpInode> inode) {
    // A new name for a reader of the directory, even where a hidden one was before.
    if (!entry.inode) {
        by_position_.erase(by_position_.iterator_to(entry));
        entry.position = next_position_++;
        by_position_.insert(entry);
    }
    entry.inode = std::move(inode);
}

Shared<TmpInode> TmpDirectory::clear(Entry& entry) {
    auto inode = std::move(entry.inode);
    entry.inode = {};
    if (!lower_has(entry.name.view())) erase(entry);
    return inode;
}

void TmpDirectory::changed() {
    owner().pin(*this);
    stamp_modified();
}

Result<void> TmpDirectory::check_alive() {
    if (links() == 0) return fail(Error::not_found);
    return {};
}

Result<Shared<Inode>> TmpDirectory::look_up(std::string_view name) {
    if (auto* entry = find(name)) {
        if (!entry->inode) return fail(Error::not_found);
        return Shared<Inode>(entry->inode);
    }
    if (!lower()) return fail(Error::not_found);
    auto below = TRY(lower()->look_up(name));
    return TRY(owner().wrap(std::move(below)));
}

Result<Shared<Inode>> TmpDirectory::create(std::string_view name, const NewInode& request) {
    TRY(check_alive());
    auto inode = TRY(owner().make(request));
    auto* entry = TRY(ensure(name));
    bool directory = request.type == FileType::directory;
    inode->add_links(directory ? 2 : 1);
    if (directory) add_links(1);
    set(*entry, inode);
    changed();
    return Shared<Inode>(std::move(inode));
}

Result<Shared<Inode>> TmpDirectory::create_unnamed(const NewInode& request) {
    auto made = TRY(owner().make(request));
    if (!request.stays_unnamed) made->may_gain_first_link();
    return Shared<Inode>(std::move(made));
}

Result<void> TmpDirectory::link(std::string_view name, Inode& target) {
    TRY(check_alive());
    TRY(mine(target).gain_link());
    auto entry = ensure(name);
    if (!entry) {
        mine(target).add_links(-1);
        return fail(entry.error());
    }
    set(**entry, Shared(mine(target)));
    changed();
    return {};
}

Result<void> TmpDirectory::unlink(std::string_view name, Inode& target) {
    auto* entry = TRY(ensure(name));
    auto keep = clear(*entry);
    mine(target).add_links(-1);
    changed();
    return {};
}

Result<void> TmpDirectory::remove_directory(std::string_view name, Inode& target) {
    if (!TRY(static_cast<TmpDirectory&>(target).empty())) return fail(Error::not_empty);
    auto* entry = TRY(ensure(name));
    auto keep = clear(*entry);
    mine(target).add_links(-static_cast<int>(mine(target).links()));
    add_links(-1);
    changed();
    return {};
}

Result<void> TmpDirectory::rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name,
                                  Inode* replaced, bool exchange) {
    auto& to = static_cast<TmpDirectory&>(new_directory);
    TRY(to.check_alive());
    bool directory = target.is_directory();
    if (replaced && !exchange && directory && !TRY(static_cast<TmpDirectory*>(replaced)->empty())) return fail(Error::not_empty);
    auto* source = TRY(ensure(name));
    auto destination = to.ensure(new_name);
    if (!destination) {
        if (!source->inode) erase(*source);  // it would hide the lower name
        return fail(destination.error());
    }
    Shared<TmpInode> moved(mine(target));
    if (exchange) {
        set(*source, Shared(mine(*replaced)));
        to.set(**destination, std::move(moved));
        if (directory != replaced->is_directory() && &to != this) {
            add_links(directory ? -1 : 1);
            to.add_links(directory ? 1 : -1);
        }
    } else {
        Shared<TmpInode> gone;
        if (replaced) gone = Shared(mine(*replaced));
        to.set(**destination, std::move(moved));
        clear(*source);
        if (gone) gone->add_links(directory ? -static_cast<int>(gone->links()) : -1);
        if (directory) {
            add_links(-1);
            if (!gone) to.add_links(1);
        }
    }
    mine(target).add_links(0);
    changed();
    if (&to != this) to.changed();
    return {};
}

namespace {

/// Passes on what the upper directory does not have an entry for.
template <typename Shown>
class Filter final : public DirectorySink {
public:
    Filter(DirectorySink& to, Shown shown) : to_(to), shown_(shown) {}
    bool entry(std::string_view name, u64 inode, FileType type, u64 next_position) override {
        if (!shown_(name)) return true;
        return more_ = to_.entry(name, inode, type, next_position);
    }
    bool more() const { return more_; }

private:
    DirectorySink& to_;
    Shown shown_;
    bool more_ = true;
};

/// Refuses the first entry that it sees.
class FindAny final : public DirectorySink {
public:
    bool entry(std::string_view, u64, FileType, u64) override { return false; }
};

}  // namespace

Result<bool> TmpDirectory::empty() {
    for (auto& entry : by_name_)
        if (entry.inode) return false;
    if (!lower()) return true;
    FindAny any;
    Filter filter(any, [&](std::string_view name) { return !find(name); });
    TRY(lower()->read_directory(2, filter));
    return filter.more();
}

Result<void> TmpDirectory::read_directory(u64 position, DirectorySink& sink) {
    Guard guard(directory_mutex());
    if (lower() && position < own_positions) {
        Filter filter(sink, [&](std::string_view name) { return !find(name); });
        TRY(lower()->read_directory(position, filter));
        if (!filter.more()) return {};
        position = own_positions;
    }
    u64 base = lower() ? own_positions : 0;
    for (auto at = by_position_.lower_bound(position - base); at != by_position_.end(); ++at)
        if (at->inode && !sink.entry(at->name.view(), at->inode->number(), at->inode->type(), base + at->position + 1)) return {};
    return {};
}

}  // namespace spore::fs::tmpfs
