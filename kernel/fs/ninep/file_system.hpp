// A folder of the host as a file system: every operation is asked of the host's server, which is the only one to know what is there. Names
// and attributes are not remembered, so what the host changes is seen at once; pages are, as long as a file is mapped or open.
#pragma once

#include "kernel/fs/inode_table.hpp"
#include "kernel/fs/ninep/client.hpp"

namespace spore::fs::ninep {

class NinepInode;

class NinepFileSystem final : public FileSystem {
public:
    static Result<Shared<NinepFileSystem>> create(device::Share& share);
    explicit NinepFileSystem(Owned<Client> client) : client_(std::move(client)) {}

    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override;
    const char* kind() const override { return "9p"; }
    bool may_wait() const override { return true; }
    /// Writes back what was changed through mappings.
    Result<void> sync() override;

    Client& client() { return *client_; }
    /// The one inode object for what the fid stands for, which then uses that fid.
    Result<Shared<NinepInode>> inode(Shared<Fid> fid);

private:
    friend class NinepInode;
    /// Leads the fids of what is in use below a renamed directory there, for a server that does not.
    void renew_below(NinepInode& moved);

    Owned<Client> client_;
    InodeTable inodes_;
    sync::Mutex renew_mutex_;
    u32 renewals_ = 0;
};

}  // namespace spore::fs::ninep
