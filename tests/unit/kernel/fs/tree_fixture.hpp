// A file tree for tests: shortcuts that take paths and give errors as values.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel/fs/dentry_cache.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::fs::test {

struct Collected final : DirectorySink {
    std::vector<std::string> names;
    std::vector<FileType> types;
    std::vector<u64> positions;
    std::size_t limit = ~std::size_t{0};
    bool entry(std::string_view name, u64, FileType type, u64 next) override {
        if (names.size() >= limit) return false;
        names.emplace_back(name);
        types.push_back(type);
        positions.push_back(next);
        return true;
    }
};

class Tree {
public:
    explicit Tree(Shared<FileSystem> file_system) : Tree(*make_tree(std::move(file_system))) {}
    explicit Tree(Shared<Dentry> root) : root_(std::move(root)) {}
    ~Tree() {
        root_.reset();
        dentry_cache().shrink();
    }
    Dentry& root() { return *root_; }
    Context context() {
        return {.root = *root_, .directory = *root_, .uid = uid, .gid = gid, .groups = {}, .umask = umask};
    }
    u32 uid = 0, gid = 0;
    u16 umask = 022;

    Result<Shared<Dentry>> find(std::string_view path, Follow follow = Follow::yes) { return resolve(context(), *root_, path, follow); }
    Result<Stat> stat_of(std::string_view path, Follow follow = Follow::yes) { 
        auto entry = TRY(find(path, follow));
        return stat(*entry);
    }
    Result<Shared<File>> open_as(std::string_view path, OpenRequest request) { return open(context(), *root_, path, request); }
    Result<Shared<File>> open_read(std::string_view path) { return open_as(path, {.mode = {.read = true}}); }
    Result<Shared<File>> create(std::string_view path, u16 permissions = 0666) {
        return open_as(path, {.mode = {.read = true, .write = true}, .create = true, .permissions = permissions});
    }
    Result<void> write_file(std::string_view path, std::string_view text) {
        auto file = TRY(open_as(path, {.mode = {.write = true}, .create = true, .truncate = true, .permissions = 0644}));
        auto from = IoBuffer::kernel(std::as_bytes(std::span(text)));
        if (TRY(file->write(from)) != text.size()) return fail(Error::no_space);
        return {};
    }
    Result<std::string> read_file(std::string_view path) {
        auto file = TRY(open_read(path));
        return read_all(*file);
    }
    static Result<std::string> read_all(File& file) {
        std::string all;
        while (true) {
            char buffer[1000];
            auto into = IoBuffer::kernel(std::as_writable_bytes(std::span(buffer)));
            auto size = TRY(file.read(into));
            if (size == 0) return all;
            all.append(buffer, size);
        }
    }
    Result<std::vector<std::string>> list(std::string_view path) {
        auto file = TRY(open_read(path));
        Collected sink;
        TRY(file->read_directory(sink));
        return sink.names;
    }
    Result<std::string> link_text(std::string_view path) {
        std::byte buffer[4096];
        auto entry = TRY(find(path, Follow::no));
        auto size = TRY(read_link(context(), *entry, buffer));
        return std::string(reinterpret_cast<char*>(buffer), size);
    }
    Result<std::string> path_to(Dentry& entry) {
        char buffer[4096];
        return std::string(TRY(path_of(*root_, entry, buffer)));
    }

private:
    Shared<Dentry> root_;
};

/// Walks all below `path` the way programs would, as far as the budget of names reaches; whatever happens is fine as long as it ends.
inline void explore(Tree& tree, const std::string& path, unsigned depth, unsigned& budget) {
    constexpr unsigned deepest = 6;
    auto names = tree.list(path);
    if (!names) return;
    for (auto& name : *names) {
        if (name == "." || name == ".." || budget == 0) continue;
        --budget;
        auto below = path + "/" + name;
        auto entry = tree.find(below, Follow::no);
        if (!entry) continue;
        (void)tree.link_text(below);
        std::byte attributes[256];
        (void)list_attributes(tree.context(), **entry, attributes);
        auto stat = tree.stat_of(below);
        if (!stat) continue;
        if (stat->type == FileType::directory && depth < deepest) explore(tree, below, depth + 1, budget);
        if (stat->type == FileType::regular && stat->size < 1_MiB) (void)tree.read_file(below);
    }
}

template <typename T>
Error error_of(const Result<T>& result) { return result ? Error{0xff} : result.error(); }

inline ByteSpan as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// What a file description writes and reads at its position.
inline Result<u64> write_text(File& file, std::string_view text) {
    auto from = IoBuffer::kernel(as_bytes(text));
    return file.write(from);
}
inline Result<std::string> read_text(File& file, std::size_t size) {
    std::string text(size, '\0');
    auto into = IoBuffer::kernel(std::as_writable_bytes(std::span(text)));
    text.resize(TRY(file.read(into)));
    return text;
}

}  // namespace spore::fs::test
