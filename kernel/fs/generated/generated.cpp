#include "kernel/fs/generated/generated.hpp"

#include <algorithm>

#include "kernel/fs/open.hpp"

namespace spore::fs::generated {
namespace {

class GeneratedInode final : public Inode {
public:
    GeneratedInode(GeneratedFileSystem& file_system, u64 number, Shared<Node> node)
        : Inode(file_system, number, node->type()), node_(std::move(node)) {}

    bool names_change() const override { return true; }
    Result<Stat> stat() override {
        auto attributes = node_->attributes();
        auto now = current_time();
        return Stat{.inode = number(), .device = file_system().device(), .special = attributes.special, .type = type(), .permissions = attributes.permissions,
                    .links = attributes.links, .uid = attributes.uid, .gid = attributes.gid,
                    .accessed = now, .modified = now, .changed = now, .created = now};
    }
    Result<void> change(const AttributeChange& change) override { return node_->change(change); }
    Result<Shared<Inode>> look_up(std::string_view name) override {
        auto node = TRY(node_->find(name));
        return static_cast<GeneratedFileSystem&>(file_system()).wrap(std::move(node));
    }
    Result<void> read_directory(u64 position, DirectorySink& sink) override;
    Result<std::string_view> link_target() override;
    Result<Shared<Dentry>> follow_directly(const Context& context) override { return node_->follow(context); }
    Result<Shared<File>> open(Dentry& entry, OpenMode mode) override;
    /// Truncation comes with O_TRUNC, as in `echo 1 >/proc/sys/…`, and means nothing.
    Result<void> truncate(u64) override { return {}; }

    Node& node() { return *node_; }

private:
    Shared<Node> node_;
    Locked<Text, sync::Mutex> target_;
};

class Lister final : public NodeLister {
public:
    Lister(DirectorySink& sink, u64 position, u64 directory) : sink_(sink), after_(position - 2), directory_(directory) {}
    bool entry(std::string_view name, FileType type, u64 key) override {
        if (key <= after_) return true;
        // Numbers are given out at look-up; this one tells entries apart.
        return sink_.entry(name, directory_ ^ (key << 20), type, key + 2);
    }
    u64 after() const override { return after_; }

private:
    DirectorySink& sink_;
    u64 after_;
    u64 directory_;
};

/// Text is produced as it is read, and again when reading starts over.
class GeneratedFile final : public File {
public:
    GeneratedFile(Dentry& entry, OpenMode mode) : File(mode), entry_(entry) {}

    Result<u64> read(IoBuffer& into) override {
        Guard guard(mutex_);
        auto done = TRY(get(into, position_));
        position_ += done;
        return done;
    }
    Result<u64> read_at(IoBuffer& into, u64 offset) override {
        Guard guard(mutex_);
        return get(into, offset);
    }
    Result<u64> write(IoBuffer& from) override {
        if (!mode_.write) return fail(Error::bad_descriptor);
        constexpr u64 limit = 65536;
        if (from.remaining() > limit) return fail(Error::too_big);
        auto text = TRY(Text::reserve(from.remaining()));
        u64 size = from.remaining();
        TRY(from.take(std::as_writable_bytes(text.buffer())));
        TRY(node().accept(text.view().substr(0, size)));
        return size;
    }
    Result<u64> write_at(IoBuffer& from, u64) override { return write(from); }
    Result<u64> seek(i64 offset, Whence whence) override {
        Guard guard(mutex_);
        if (whence == Whence::current) offset += static_cast<i64>(position_);
        else if (whence == Whence::end && next_ == Node::no_more) offset += static_cast<i64>(piece_start_ + piece_.view().size());
        else if (whence != Whence::start) return fail(Error::invalid);
        if (offset < 0) return fail(Error::invalid);
        return position_ = static_cast<u64>(offset);
    }
    Result<void> truncate(u64) override { return {}; }
    Ready ready() override { return node().can_be_watched() ? Ready::in : File::ready(); }
    PollSource* poll_source() override { return node().can_be_watched() ? &silent_ : nullptr; }
    std::string_view describe(std::span<char> buffer) override { return describe_entry(*entry_, buffer); }
    Inode* inode() override { return entry_->inode(); }
    Dentry* dentry() override { return entry_.get(); }

private:
    Node& node() { return static_cast<GeneratedInode*>(entry_->inode())->node(); }
    Result<u64> get(IoBuffer& into, u64 offset) {
        if (!mode_.read) return fail(Error::bad_descriptor);
        if (offset == 0 || offset < piece_start_) {
            piece_.clear();
            piece_start_ = next_ = 0;
        }
        for (u64 done = 0;;) {
            auto piece = std::as_bytes(std::span(piece_.view()));
            if (u64 skipped = offset - piece_start_; skipped < piece.size()) {
                u64 size = std::min(piece.size() - skipped, into.remaining());
                TRY(into.put(piece.subspan(skipped, size)));
                offset += size, done += size;
            }
            if (into.remaining() == 0 || next_ == Node::no_more) return done;
            piece_start_ += piece.size();
            piece_.clear();
            auto next = node().produce_piece(piece_, next_);
            if (!next) {
                piece_.clear();
                return done ? Result<u64>(done) : fail(next.error());
            }
            next_ = *next;
        }
    }

    Shared<Dentry> entry_;
    sync::Mutex mutex_;
    u64 position_ = 0;
    TextSink piece_;       ///< the one that was produced last
    u64 piece_start_ = 0;  ///< where in the text it lies
    u64 next_ = 0;         ///< what produces the next
    PollSource silent_;
};

}  // namespace

Result<void> TextSink::write(std::string_view text) {
    if (used_ + text.size() > text_.size()) {
        auto larger = TRY(Text::reserve(std::max(std::max<std::size_t>(512, text_.size() * 2), used_ + text.size())));
        if (used_ != 0) std::memcpy(larger.buffer().data(), text_.view().data(), used_);
        text_ = std::move(larger);
    }
    if (!text.empty()) std::memcpy(text_.buffer().data() + used_, text.data(), text.size());
    used_ += text.size();
    return {};
}

Result<void> GeneratedInode::read_directory(u64 position, DirectorySink& sink) {
    Lister lister(sink, position, number());
    return node_->list(lister);
}

Result<std::string_view> GeneratedInode::link_target() {
    return target_.with([&](Text& target) -> Result<std::string_view> {
        if (target.empty()) target = TRY(node_->target());
        return target.view();
    });
}

Result<Shared<File>> GeneratedInode::open(Dentry& entry, OpenMode mode) {
    if (is_directory()) return Inode::open(entry, mode);
    if (auto other = TRY(node_->open(entry, mode))) return other;
    return TRY(make_shared<GeneratedFile>(entry, mode));
}

Result<Shared<GeneratedFileSystem>> GeneratedFileSystem::create(const char* kind, u64 magic, Shared<Node> root) {
    return make_shared<GeneratedFileSystem>(kind, magic, std::move(root));
}

Result<Shared<Inode>> GeneratedFileSystem::root() { return TRY(make_shared<GeneratedInode>(*this, 1, root_)); }

Result<Shared<Inode>> GeneratedFileSystem::wrap(Shared<Node> node) {
    u64 number = node->number();
    if (number == 0) number = next_number_.fetch_add(1, std::memory_order_relaxed);
    return TRY(make_shared<GeneratedInode>(*this, number, std::move(node)));
}

}  // namespace spore::fs::generated
