// Files whose text is made when they are opened, and directories whose entries are found when they are asked for: what /proc and
// /sys are built from. A tree is described by small classes:
//
//   class Uptime final : public GeneratedText {
//       Result<void> produce(TextSink& out) override { return out.print("{}\n", seconds); }
//   };
//   class Root final : public GeneratedDirectory {
//       Result<Shared<Node>> find(std::string_view name) override;
//       Result<void> list(NodeLister& lister) override;
//   };
#pragma once

#include "base/format.hpp"
#include "base/text.hpp"
#include "kernel/fs/inode.hpp"

namespace spore::fs::generated {

/// Collects a file's text.
class TextSink {
public:
    Result<void> write(std::string_view text);
    /// At most 512 bytes at a time.
    template <typename... Args>
    Result<void> print(FormatString<Args...> format, const Args&... args) {
        char buffer[512];
        return write(format_to(buffer, format, args...));
    }
    std::string_view view() const { return {text_.view().data(), used_}; }
    void clear() { used_ = 0; }

private:
    Text text_;
    std::size_t used_ = 0;
};

/// Receives the names of a directory.
class NodeLister {
public:
    /// `key` identifies the entry among its siblings and grows from one to the next: a position in the directory that stays valid while
    /// entries come and go (a process number). False when there is no room for more.
    virtual bool entry(std::string_view name, FileType type, u64 key) = 0;
    /// Entries up to this key were listed already.
    virtual u64 after() const = 0;

protected:
    ~NodeLister() = default;
};

/// What a node is seen as by stat.
struct NodeAttributes {
    u16 permissions;
    u32 uid = 0, gid = 0;
    u32 links = 1;
    u64 special = 0;
};

/// One file of a generated tree. Nodes are made at look-up and go with their last user; they must not keep what they describe from
/// ending, but say not_found or no_process when it has.
class Node : public Counted {
public:
    virtual ~Node() = default;
    virtual FileType type() const = 0;
    virtual NodeAttributes attributes() = 0;
    virtual Result<void> change(const AttributeChange&) { return fail(Error::not_permitted); }
    /// The same for the same file each time, unique in the tree; 0 leaves it to the tree.
    virtual u64 number() const { return 0; }

    // Directories.
    virtual Result<Shared<Node>> find(std::string_view) { return fail(Error::not_directory); }
    virtual Result<void> list(NodeLister&) { return fail(Error::not_directory); }

    // Text files.
    virtual Result<void> produce(TextSink&) { return fail(Error::invalid); }
    /// Long texts come in pieces instead: what follows `from`, which is 0 at first and then what the last call gave; `no_more` with the last piece.
    virtual Result<u64> produce_piece(TextSink& out, u64) {
        TRY(produce(out));
        return no_more;
    }
    static constexpr u64 no_more = ~u64{0};
    /// Whether programs may wait for changes: the text is ready to be read, and no change ever comes.
    virtual bool can_be_watched() const { return false; }
    /// A write to the file: all of it at once.
    virtual Result<void> accept(std::string_view) { return fail(Error::not_permitted); }
    /// Makes open() give something else than produce()'s text: a file that reads at offsets (/proc/self/mem); null: nothing else.
    virtual Result<Shared<File>> open(Dentry&, OpenMode) { return Shared<File>(); }

    // Links.
    virtual Result<Text> target() { return fail(Error::invalid); }
    virtual Result<Shared<Dentry>> follow(const Context&) { return Shared<Dentry>(); }
};

class GeneratedDirectory : public Node {
public:
    FileType type() const override { return FileType::directory; }
    NodeAttributes attributes() override { return {.permissions = 0555, .links = 2}; }
};
class GeneratedText : public Node {
public:
    FileType type() const override { return FileType::regular; }
    NodeAttributes attributes() override { return {.permissions = 0444}; }
};
class GeneratedLink : public Node {
public:
    FileType type() const override { return FileType::link; }
    NodeAttributes attributes() override { return {.permissions = 0777}; }
};

/// A file with a fixed text, or one that a plain function produces.
class ProducedText final : public GeneratedText {
public:
    using Producer = Result<void> (*)(TextSink& out);
    explicit ProducedText(Producer producer) : producer_(producer) {}
    Result<void> produce(TextSink& out) override { return producer_(out); }

private:
    Producer producer_;
};

class GeneratedFileSystem final : public FileSystem {
public:
    /// `kind` and `magic` as /proc/mounts and statfs show them.
    static Result<Shared<GeneratedFileSystem>> create(const char* kind, u64 magic, Shared<Node> root);
    GeneratedFileSystem(const char* kind, u64 magic, Shared<Node> root) : kind_(kind), magic_(magic), root_(std::move(root)) {}

    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override { return FileSystemStat{.magic = magic_}; }
    const char* kind() const override { return kind_; }
    Result<Shared<Inode>> wrap(Shared<Node> node);

private:
    const char* kind_;
    u64 magic_;
    Shared<Node> root_;
    std::atomic<u64> next_number_ = u64{1} << 32;
};

}  // namespace spore::fs::generated
