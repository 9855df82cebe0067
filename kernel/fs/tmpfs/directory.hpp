// A directory: its own entries over those of a lower directory. An entry without an inode hides a lower name.
#pragma once

#include <boost/intrusive/set.hpp>

#include "kernel/fs/tmpfs/inode.hpp"

namespace spore::fs::tmpfs {

class TmpDirectory final : public TmpInode {
public:
    using TmpInode::TmpInode;
    ~TmpDirectory() override;

    Result<Shared<Inode>> look_up(std::string_view name) override;
    Result<Shared<Inode>> create(std::string_view name, const NewInode& request) override;
    Result<Shared<Inode>> create_unnamed(const NewInode& request) override;
    Result<void> link(std::string_view name, Inode& target) override;
    Result<void> unlink(std::string_view name, Inode& target) override;
    Result<void> remove_directory(std::string_view name, Inode& target) override;
    Result<void> rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name, Inode* replaced,
                        bool exchange) override;
    Result<void> read_directory(u64 position, DirectorySink& sink) override;

private:
    struct Entry {
        boost::intrusive::set_member_hook<> by_name;
        boost::intrusive::set_member_hook<> by_position;
        Text name;
        u64 position = 0;
        Shared<TmpInode> inode;
    };
    struct NameOf {
        using type = std::string_view;
        type operator()(const Entry& entry) const { return entry.name.view(); }
    };
    struct PositionOf {
        using type = u64;
        type operator()(const Entry& entry) const { return entry.position; }
    };
    using ByName = boost::intrusive::set<Entry, boost::intrusive::member_hook<Entry, boost::intrusive::set_member_hook<>, &Entry::by_name>,
                                         boost::intrusive::key_of_value<NameOf>, boost::intrusive::constant_time_size<false>>;
    using ByPosition =
        boost::intrusive::set<Entry, boost::intrusive::member_hook<Entry, boost::intrusive::set_member_hook<>, &Entry::by_position>,
                              boost::intrusive::key_of_value<PositionOf>, boost::intrusive::constant_time_size<false>>;

    Entry* find(std::string_view name);
    /// The entry for a name, made and put in without an inode when there is none: after this nothing can fail.
    Result<Entry*> ensure(std::string_view name);
    void set(Entry& entry, Shared<TmpInode> inode);
    /// Takes the inode out; the entry stays where it must hide a lower name.
    Shared<TmpInode> clear(Entry& entry);
    void erase(Entry& entry);
    bool lower_has(std::string_view name);
    Result<void> check_alive();
    Result<bool> empty();
    void changed();

    ByName by_name_;
    ByPosition by_position_;
    u64 next_position_ = 2;
};

}  // namespace spore::fs::tmpfs
