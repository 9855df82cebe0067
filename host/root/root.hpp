// The files that the guest will see, before they become an image: a map from guest paths to where the bytes come from.
//
// A root may draw on the host, or on a folder of it that is laid out as a system is (a sysroot): `provide("/usr/bin/python3")` then brings in
// the file, the folders above it and every symbolic link on the way, so that the guest sees the same path lead to the same file.
#pragma once

#include <map>
#include <set>
#include <string>

#include "host/common/files.hpp"

namespace spore::host {

struct Entry {
    enum class Kind : u8 { directory, file, text, link } kind;
    u32 mode = 0755;
    u32 user = 0, group = 0;  ///< its owners, where the tool may give files away
    fs::path host;        ///< for a file: where its bytes are
    std::string content;  ///< of a text, or the target of a link
    u64 size = 0;         ///< the rest identifies a file's version for the cache
    u64 inode = 0;
    i64 modified_seconds = 0, modified_nanoseconds = 0;
    i64 changed_seconds = 0, changed_nanoseconds = 0;  ///< of a file that moves: no two have all of these in common, wherever they are
    bool moves = false;   ///< it may be at another path the next time, with all else the same
    bool beside = false;  ///< the machine's own, beside an image that others may have, too
};

/// More than the settings that it is for have, and little to hand over with each start.
inline constexpr u64 largest_file_beside = 64_KiB, largest_files_beside = 256_KiB;

/// Whether files keep their owners in the guest: only root can make files of others. For anyone else everything in the guest is root's.
bool may_give_away();

class Root {
public:
    enum class Source : u8 { host, nothing };
    /// `base`: the sysroot; empty for the host's own root.
    explicit Root(Source source, std::string base = "") : source_(source), base_(std::move(base)) { entries_["/"] = {.kind = Entry::Kind::directory}; }

    /// Makes sure that what is at `path` is in the root. Gives its real path, all links followed, or nothing when it is nowhere.
    std::optional<std::string> provide(const std::string& path);
    /// The same for a whole tree: everything below `path` as well.
    void provide_tree(const std::string& path);
    /// Whether a folder of the host is known by its path, or by what is in it: container engines mount the same files at another path each time.
    enum class Known : u8 { by_path, by_content };
    /// Copies a file or folder of the host to a guest path of another name.
    Outcome<void> place(const fs::path& host, const std::string& guest, Known known = Known::by_path);
    /// What is at this path, a file, no program and not too large, is brought beside the image, as it is now.
    Outcome<void> bring_beside(const std::string& path);
    /// Files that are made rather than copied; what is there already stays.
    void add_text(const std::string& path, std::string content, u32 mode = 0644);
    void add_directory(const std::string& path, u32 mode = 0755);
    void add_link(const std::string& path, std::string target);
    /// Takes out the file at a real path.
    void remove(const std::string& real_path) { entries_.erase(real_path); }

    /// Takes out all that is below a folder.
    void empty(const std::string& real_path);

    /// The folder on the host that paths without an entry are looked up in.
    const std::string& base() const { return base_; }

    /// The entry at a real path.
    const Entry* find(const std::string& real_path) const;
    const std::map<std::string, Entry>& entries() const { return entries_; }
    /// Bytes of all files.
    u64 content_size() const;

private:
    void add_from_host(const std::string& guest, const fs::path& host, const struct stat& status);
    void add_tree_from_host(const std::string& guest, const fs::path& host);
    std::string make_parents(const std::string& path);

    Source source_;
    Known known_ = Known::by_path;  ///< of what is being placed
    std::string base_;
    u64 size_beside_ = 0;
    std::map<std::string, Entry> entries_;
};

}  // namespace spore::host
