// Shared libraries: brings into a root what an ELF file needs, by the rules of its loader [ld.so(8)].
#pragma once

#include <map>
#include <set>
#include <vector>

#include "host/common/architecture.hpp"
#include "host/root/root.hpp"
#include "wire/elf_dynamic.hpp"

namespace spore::host {

class Libraries {
public:
    /// `search_path` is the guest's LD_LIBRARY_PATH.
    Libraries(Root& root, Architecture architecture, std::string_view search_path);

    /// Checks the ELF program at `real_path` and brings in its interpreter and libraries.
    Outcome<void> add_program(const std::string& real_path);
    /// Brings in what a library, plug-in or further program needs; what is missing there is not an error, since it may never be loaded.
    void add_plugin(const std::string& real_path);
    /// A library by name that loaders open on their own, when this machine has it.
    void add_optional(const std::string& name);

    /// Whether something needs the dynamic glibc.
    bool glibc() const { return glibc_; }
    /// The largest sum of loadable segments: what the program itself takes in memory at least, when it touches all.
    u64 loaded_size() const { return loaded_size_; }

private:
    struct Needer {
        std::string real_path;
        std::string origin;             ///< the folder that $ORIGIN stands for
        std::vector<std::string> rpath; ///< inherited from those who load it
    };
    Outcome<void> add_needed(const Needer& needer, ByteSpan file, const wire::elf::ProgramHeaders& headers);
    std::optional<std::string> find(std::string_view name, const std::vector<std::string>& rpath, const std::vector<std::string>& runpath);
    std::optional<std::string> try_candidate(const std::string& path);
    const std::map<std::string, std::string, std::less<>>& cache();
    /// What helps when a file is not found: empty where it should simply be installed.
    std::string advice() const;

    Root& root_;
    const ArchitectureFacts& facts_;
    Architecture architecture_;
    std::string foreign_;  ///< the last candidate that was passed over, because it is for another CPU
    std::vector<std::string> search_path_, default_path_;
    std::optional<std::map<std::string, std::string, std::less<>>> cache_;
    std::set<std::string> done_;
    std::map<std::string, std::string> good_;  ///< candidates that were found fit, and their real paths: many files need the same few
    bool musl_ = false, glibc_ = false;
    u64 loaded_size_ = 0;
};

/// The failure for an ELF file that cannot run here, naming what it is and what to do.
Failure explain(wire::elf::Problem problem, const std::string& path, ByteSpan file, Architecture wanted = native_architecture);

}  // namespace spore::host
