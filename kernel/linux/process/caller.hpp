// The current task as the file system sees it: identity, umask and where paths begin; held still for one call.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

class Caller {
public:
    explicit Caller(Task& task)
        : credentials_(task.process().credentials()), root_(task.place().root()), directory_(task.place().directory()),
          context_{.root = *root_, .directory = *directory_, .uid = credentials_.file_uid, .gid = credentials_.file_gid,
                   .groups = {credentials_.groups, credentials_.group_count}, .umask = task.place().umask()} {}
    Caller(const Caller&) = delete;

    const fs::Context& context() const { return context_; }
    operator const fs::Context&() const { return context_; }
    /// access(2) asks for the real identity, not the effective one.
    void use_real_identity() { context_.uid = credentials_.uid, context_.gid = credentials_.gid; }

    /// Where a relative `path` begins. bad_descriptor, or not_directory for a file without a place in the tree.
    Result<Shared<fs::Dentry>> start(Task& task, DirectoryDescriptor at, std::string_view path) const;
    /// What `at` and `path` name; with an empty path and `allow_empty`, `at` itself.
    Result<Shared<fs::Dentry>> resolve(Task& task, DirectoryDescriptor at, std::string_view path, fs::Follow follow, bool allow_empty = false) const;

private:
    Credentials credentials_;
    Shared<fs::Dentry> root_, directory_;
    fs::Context context_;
};

}  // namespace spore::linux
