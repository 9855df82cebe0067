#pragma once

#include "kernel/fs/ninep/file_system.hpp"

namespace spore::fs::ninep {

/// A file of any type; regular ones are NinepFile.
class NinepInode : public TabledInode {
public:
    NinepInode(NinepFileSystem& file_system, const wire::ninep::Attributes& attributes, Shared<Fid> fid);
    ~NinepInode() override;

    bool names_expire() const override { return true; }
    Result<Stat> stat() override;
    Result<void> change(const AttributeChange& change) override;
    Result<Shared<Inode>> look_up(std::string_view name) override;
    Result<Shared<Inode>> create(std::string_view name, const NewInode& request) override;
    Result<void> link(std::string_view name, Inode& target) override;
    Result<void> unlink(std::string_view name, Inode& target) override;
    Result<void> remove_directory(std::string_view name, Inode& target) override;
    Result<void> rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name, Inode* replaced, bool exchange) override;
    Result<void> read_directory(u64 position, DirectorySink& sink) override;
    Result<std::string_view> link_target() override;
    Result<u64> get_attribute(std::string_view name, MutableByteSpan value) override;
    Result<void> set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) override;
    Result<u64> list_attributes(MutableByteSpan names) override;
    Result<void> remove_attribute(std::string_view name) override;

    /// Writes back what was changed through mappings.
    virtual Result<void> write_back() { return {}; }
    /// The server's file was changed since the last look.
    virtual void contents_differ() {}

    NinepFileSystem& owner() const { return static_cast<NinepFileSystem&>(file_system()); }
    Client& client() const { return owner().client(); }

protected:
    Shared<Fid> fid() { return fid_.with([](Shared<Fid>& fid) { return fid; }); }
    /// Asks the server for the attributes.
    Result<void> refresh();
    /// Whether the server still knows the file, which may have been removed: its name may be another's by now.
    Result<void> check_known();
    /// What the server says of the file is older than this: it is asked once more.
    void changed() {
        changes_.fetch_add(1, std::memory_order_acq_rel);
        fresh_until_.store(0, std::memory_order_relaxed);
    }

    std::atomic<bool> removed_ = false;  ///< by us

private:
    friend class NinepFileSystem;
    Result<void> take(const wire::ninep::Attributes& attributes, u32 changes);
    Result<void> read_attribute(std::string_view name, MutableByteSpan into, u64& size);
    Result<void> write_attribute(std::string_view name, ByteSpan value, u32 flags);
    Result<void> remove(std::string_view name, NinepInode& target, u32 flags);
    Result<Shared<Fid>> open_directory(u64 position);
    /// Where it was found last, by number, since what nobody uses may go: kept for servers that do not follow files.
    struct Place {
        u64 parent = 0;
        Text name;
    };
    Result<void> found_in(NinepInode& directory, std::string_view name);
    /// Looks for it in its place once more.
    Result<void> renew(NinepInode& parent);

    Locked<Shared<Fid>, sync::Spin> fid_;
    Locked<Shared<Fid>, sync::Spin> directory_;  ///< opened, while somebody reads through it
    std::atomic<u32> changes_ = 0;
    /// Until then the attributes that a look-up brought answer one stat: whoever looks a file up mostly asks that next.
    std::atomic<u64> fresh_until_ = 0;
    Locked<Place, sync::Spin> place_;
    u32 renewal_ = 0;                    ///< the file system's: under its lock
    sync::Mutex target_mutex_;
    Text target_;
};

}  // namespace spore::fs::ninep
