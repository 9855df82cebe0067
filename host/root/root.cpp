#include "host/root/root.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <deque>

#include "base/defer.hpp"

namespace spore::host {

namespace {

constexpr int most_links = 40;

std::deque<std::string> components_of(std::string_view path) {
    std::deque<std::string> parts;
    while (!path.empty()) {
        auto slash = path.find('/');
        if (auto part = path.substr(0, slash); !part.empty() && part != ".") parts.emplace_back(part);
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    return parts;
}

std::string parent_of(const std::string& path) {
    auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace

bool may_give_away() {
    static const bool root = ::geteuid() == 0;  // asked for each file of a root
    return root;
}

std::optional<std::string> Root::provide(const std::string& path) {
    auto rest = components_of(path);
    std::string current;  // real path so far; empty is the root itself
    int links = 0;
    while (!rest.empty()) {
        auto part = rest.front();
        rest.pop_front();
        if (part == "..") {
            current = parent_of(current);
            continue;
        }
        auto next = current + "/" + part;
        auto entry = entries_.find(next);
        if (entry == entries_.end()) {
            struct stat status{};
            auto host = base_ + next;
            if (source_ != Source::host || ::lstat(host.c_str(), &status) != 0) return std::nullopt;
            add_from_host(next, host, status);
            entry = entries_.find(next);
            if (entry == entries_.end()) return std::nullopt;
        }
        if (entry->second.kind == Entry::Kind::link) {
            if (++links > most_links) return std::nullopt;
            const auto& target = entry->second.content;
            if (target.starts_with('/')) current.clear();
            auto parts = components_of(target);
            rest.insert(rest.begin(), parts.begin(), parts.end());
            continue;
        }
        if (entry->second.kind != Entry::Kind::directory && !rest.empty()) return std::nullopt;
        current = next;
    }
    return current.empty() ? "/" : current;
}

void Root::provide_tree(const std::string& path) {
    auto real = provide(path);
    if (!real || source_ != Source::host) return;
    if (entries_[*real].kind == Entry::Kind::directory) add_tree_from_host(*real, base_ + *real);
}

void Root::add_from_host(const std::string& guest, const fs::path& host, const struct stat& status) {
    Entry entry{.kind = Entry::Kind::file, .mode = status.st_mode & 07777u, .host = host};
    if (may_give_away()) entry.user = status.st_uid, entry.group = status.st_gid;
    if (S_ISDIR(status.st_mode)) {
        entry.kind = Entry::Kind::directory;
    } else if (S_ISLNK(status.st_mode)) {
        entry.kind = Entry::Kind::link;
        char target[4096];
        auto size = ::readlink(host.c_str(), target, sizeof target);
        if (size <= 0) return;
        entry.content.assign(target, static_cast<std::size_t>(size));
    } else if (S_ISREG(status.st_mode)) {
        entry.size = static_cast<u64>(status.st_size);
        entry.inode = status.st_ino;
        entry.modified_seconds = status.st_mtim.tv_sec, entry.modified_nanoseconds = status.st_mtim.tv_nsec;
        entry.changed_seconds = status.st_ctim.tv_sec, entry.changed_nanoseconds = status.st_ctim.tv_nsec;
        entry.moves = known_ == Known::by_content;
    } else {
        return;  // devices and sockets of the host mean nothing in the guest
    }
    entries_[guest] = std::move(entry);
}

void Root::add_tree_from_host(const std::string& guest, const fs::path& host) {
    DIR* folder = ::opendir(host.c_str());
    if (!folder) return;
    defer { ::closedir(folder); };
    while (auto* item = ::readdir(folder)) {
        std::string_view name = item->d_name;
        if (name == "." || name == "..") continue;
        struct stat status{};
        if (::fstatat(::dirfd(folder), item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        auto inner = (guest == "/" ? "" : guest) + "/" + std::string(name);
        auto path = host / name;
        // What the user cannot read cannot be copied; a program that wants it will say so. What everybody may read needs no call to know.
        constexpr mode_t all_read = S_IRUSR | S_IRGRP | S_IROTH;
        if (S_ISREG(status.st_mode) && (status.st_mode & all_read) != all_read && ::faccessat(::dirfd(folder), item->d_name, R_OK, AT_EACCESS) != 0) continue;
        add_from_host(inner, path, status);
        if (S_ISDIR(status.st_mode)) add_tree_from_host(inner, path);
    }
}

std::string Root::make_parents(const std::string& path) {
    std::string current;
    auto parts = components_of(path);
    if (!parts.empty()) parts.pop_back();
    for (const auto& part : parts) {
        auto next = current + "/" + part;
        auto real = provide(next);
        if (!real) {
            entries_[next] = {.kind = Entry::Kind::directory, .mode = next == "/tmp" || next == "/var/tmp" ? 01777u : 0755u};
            real = next;
        }
        current = *real == "/" ? "" : *real;
    }
    auto slash = path.rfind('/');
    return current + "/" + path.substr(slash + 1);
}

Outcome<void> Root::place(const fs::path& host, const std::string& guest, Known known) {
    known_ = known;
    defer { known_ = Known::by_path; };
    struct stat status{};
    if (::stat(host.c_str(), &status) != 0)
        return failure(ExitStatus::bad_root, "cannot read {}: {}", host.string(), error_text());
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return failure(ExitStatus::bad_root, "{} is neither a file nor a folder", host.string());
    if (::access(host.c_str(), S_ISDIR(status.st_mode) ? R_OK | X_OK : R_OK) != 0)
        return failure(ExitStatus::bad_root, "cannot read {}: {}", host.string(), error_text());
    auto clean = fs::path(guest).lexically_normal().string();
    while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
    auto path = clean == "/" ? clean : make_parents(clean);
    if (path != "/") add_from_host(path, host, status);
    if (S_ISDIR(status.st_mode)) add_tree_from_host(path, host);
    return {};
}

Outcome<void> Root::bring_beside(const std::string& path) {
    auto real = provide(path);
    auto found = real ? entries_.find(*real) : entries_.end();
    if (found == entries_.end() || found->second.kind != Entry::Kind::file) return {};
    auto& entry = found->second;
    if (entry.mode & 0111 || entry.size > largest_file_beside || size_beside_ + entry.size > largest_files_beside) return {};
    auto content = read_file(entry.host, largest_file_beside);
    if (!content) return failure(ExitStatus::bad_root, "cannot read {}: {}", entry.host.string(), error_text());
    if (content->starts_with("\x7f" "ELF")) return {};  // code is looked at in the image, and mapped from there
    entry.kind = Entry::Kind::text, entry.size = content->size(), entry.content = std::move(*content);
    entry.beside = true;
    size_beside_ += entry.size;
    return {};
}

void Root::empty(const std::string& real_path) {
    auto inside = real_path == "/" ? real_path : real_path + "/";
    std::erase_if(entries_, [&](const auto& entry) { return entry.first.starts_with(inside) && entry.first != inside; });
}

void Root::add_text(const std::string& path, std::string content, u32 mode) {
    auto at = make_parents(path);
    auto size = content.size();
    entries_.try_emplace(at, Entry{.kind = Entry::Kind::text, .mode = mode, .content = std::move(content), .size = size});
}

void Root::add_directory(const std::string& path, u32 mode) {
    entries_.try_emplace(make_parents(path), Entry{.kind = Entry::Kind::directory, .mode = mode});
}

void Root::add_link(const std::string& path, std::string target) {
    auto at = make_parents(path);
    auto size = target.size();
    entries_.try_emplace(at, Entry{.kind = Entry::Kind::link, .mode = 0777, .content = std::move(target), .size = size});
}

const Entry* Root::find(const std::string& real_path) const {
    auto entry = entries_.find(real_path);
    return entry == entries_.end() ? nullptr : &entry->second;
}

u64 Root::content_size() const {
    u64 size = 0;
    for (const auto& [path, entry] : entries_)
        if (entry.kind == Entry::Kind::file || entry.kind == Entry::Kind::text) size += align_up(entry.size, page_size);
    return size;
}

}  // namespace spore::host
