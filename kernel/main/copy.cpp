#include "kernel/main/copy.hpp"

#include <cstring>

#include "kernel/fs/file.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/main/names.hpp"

namespace spore::main {
namespace {

using abi::CopyEntry;
using abi::CopyType;

constexpr std::size_t piece_size = 4000;  // a frame's payload holds one, and its size
constexpr u32 deepest = 100;              // folders in folders, as far as a stack bears them
constexpr u64 proc_magic = 0x9fa0, sysfs_magic = 0x6265'6572;  // [linux/magic.h]

/// A path that grows and shrinks by what is below it.
class Path {
public:
    Result<void> begin(std::string_view path) {
        text_ = TRY(linux::HeapArray<char>::create(2 * abi::max_copy_string));
        while (path.ends_with('/')) path.remove_suffix(1);
        TRY(append(path));
        base_ = size_;
        return {};
    }
    Result<void> append(std::string_view text) {
        if (text.size() > text_.size() - size_) return fail(Error::name_too_long);
        std::memcpy(text_.data() + size_, text.data(), text.size());
        size_ += text.size();
        return {};
    }
    /// A name, or several with slashes, below what it is now.
    Result<void> enter(std::string_view name) {
        TRY(append("/"));
        return append(name);
    }
    void cut(std::size_t size) { size_ = size; }
    std::size_t size() const { return size_; }
    std::string_view view() const { return size_ ? std::string_view(text_.data(), size_) : "/"; }
    /// What of it is below its beginning.
    std::string_view below() const { return size_ > base_ ? std::string_view(text_.data() + base_ + 1, size_ - base_ - 1) : ""; }

private:
    linux::HeapArray<char> text_;
    std::size_t size_ = 0, base_ = 0;
};

/// What both directions have.
class Copy {
public:
    Copy(device::Console& console, fs::Dentry& root) : console_(console), root_(root) {}

protected:
    /// False when nobody is there any more.
    bool send(const CopyEntry& entry, std::string_view name, std::string_view target = {}) {
        auto head = entry;
        head.name = static_cast<u16>(name.size());
        head.target = static_cast<u16>(target.size());
        for (auto part : {bytes_of(head), std::as_bytes(std::span(name)), std::as_bytes(std::span(target))}) write(part);
        return !gone_;
    }
    void write(ByteSpan bytes) { gone_ = gone_ || !console_.write(device::OutputStream::standard_out, bytes); }
    void send_problem(Error error, std::string_view name) {
        CopyEntry entry{};
        entry.type = static_cast<u8>(CopyType::problem);
        entry.error = static_cast<u32>(linux::errno_of(error));
        send(entry, name.substr(0, abi::max_copy_string));
    }

    device::Console& console_;
    fs::Dentry& root_;
    fs::Context context_{.root = root_, .directory = root_, .umask = 0};
    Path path_;
    bool gone_ = false;
};

class Outgoing : Copy {
public:
    using Copy::Copy;
    void run(std::string_view path) {
        auto copied = [&]() -> Result<void> {
            piece_ = TRY(linux::HeapArray<std::byte>::create(sizeof(le32) + piece_size));
            TRY(path_.begin(path));
            return copy(0);
        }();
        if (!copied) send_problem(copied.error(), "");
    }

private:
    Result<void> copy(u32 depth) {
        if (depth > deepest) return fail(Error::too_many_links);
        auto entry = TRY(fs::resolve(context_, root_, path_.view(), depth ? fs::Follow::no : fs::Follow::yes));
        auto stat = TRY(fs::stat(*entry));
        CopyEntry head{};
        head.permissions = stat.permissions & 0777;
        head.modified = static_cast<u64>(stat.modified.seconds);
        switch (stat.type) {
        case fs::FileType::directory: return copy_folder(head, *entry, depth);
        case fs::FileType::regular: return copy_file(head, *entry);
        case fs::FileType::link: return copy_link(head, *entry);
        default: return fail(Error::not_supported);
        }
    }

    Result<void> copy_folder(CopyEntry& head, fs::Dentry& entry, u32 depth) {
        if (depth) {
            // What the kernel makes up is no part of a copy, unless it is asked for itself.
            auto magic = TRY(fs::stat_file_system(entry)).magic;
            if (magic == proc_magic || magic == sysfs_magic) return {};
        }
        head.type = static_cast<u8>(CopyType::folder);
        auto folder = TRY(fs::open_entry(context_, entry, {.read = true}));
        auto room = TRY(linux::HeapArray<char>::create(1024));
        if (!send(head, path_.below())) return {};
        while (!gone_) {
            Names names(room.span(), '\0');
            TRY(folder->read_directory(names));
            auto rest = names.view();
            if (rest.empty()) return {};
            while (!rest.empty() && !gone_) {
                std::string_view name(rest.data());
                rest.remove_prefix(name.size() + 1);
                if (name == "." || name == "..") continue;
                auto size = path_.size();
                auto done = path_.enter(name);
                if (done) done = copy(depth + 1);
                if (!done) send_problem(done.error(), path_.below());
                path_.cut(size);
            }
        }
        return {};
    }

    Result<void> copy_file(CopyEntry& head, fs::Dentry& entry) {
        head.type = static_cast<u8>(CopyType::file);
        auto file = TRY(fs::open_entry(context_, entry, {.read = true}));
        if (!send(head, path_.below())) return {};
        Result<u64> got = 0;
        do {
            auto into = fs::IoBuffer::kernel(piece_.span().subspan(sizeof(le32)));
            got = file->read(into);
            le32 size{};
            size = static_cast<u32>(got.value_or(0));
            std::memcpy(piece_.data(), &size, sizeof size);
            write(ByteSpan(piece_.span()).first(sizeof size + size));
        } while (got.value_or(0) && !gone_);
        return got ? Result<void>{} : fail(got.error());
    }

    Result<void> copy_link(CopyEntry& head, fs::Dentry& entry) {
        head.type = static_cast<u8>(CopyType::link);
        auto size = TRY(fs::read_link(context_, entry, piece_.span()));
        std::string_view target(reinterpret_cast<const char*>(piece_.data()), size);
        if (target.empty()) return fail(Error::not_supported);
        send(head, path_.below(), target);
        return {};
    }

    linux::HeapArray<std::byte> piece_;
};

class Incoming : Copy {
public:
    using Copy::Copy;
    void run(const wire::CopyRequest& request) {
        if (auto begun = begin(request); !begun) {
            send_problem(begun.error(), "");
            return skip_all();
        }
        CopyEntry entry;
        while (receive(entry) && wire::is_sound(entry) && receive_text(name_, entry.name) && receive_text(target_, entry.target)) {
            auto size = path_.size();
            auto done = take(entry);
            if (!done) send_problem(done.error(), name_view(entry));
            path_.cut(size);
            if (ended_) return;
        }
        skip_all();
    }

private:
    Result<void> begin(const wire::CopyRequest& request) {
        name_ = TRY(linux::HeapArray<char>::create(abi::max_copy_string));
        target_ = TRY(linux::HeapArray<char>::create(abi::max_copy_string));
        piece_ = TRY(linux::HeapArray<std::byte>::create(piece_size));
        TRY(path_.begin(request.path));
        auto place = fs::resolve(context_, root_, path_.view(), fs::Follow::yes);
        if (place && TRY(fs::stat(**place)).type == fs::FileType::directory) TRY(path_.enter(request.name));
        return {};
    }

    std::string_view name_view(const CopyEntry& entry) const { return {name_.data(), entry.name}; }

    Result<void> take(const CopyEntry& entry) {
        auto type = static_cast<CopyType>(entry.type);
        Result<void> placed{};
        if (entry.name) placed = wire::is_path_below(name_view(entry)) ? path_.enter(name_view(entry)) : fail(Error::invalid);
        if (type == CopyType::file) {
            Shared<fs::File> file;
            if (placed) {
                auto made = make_file(entry);
                if (made) file = std::move(*made);
                else placed = fail(made.error());
            }
            return fill(std::move(file), placed, entry);
        }
        TRY(placed);
        if (type == CopyType::folder) return make_folder(entry);
        if (type == CopyType::link) return make_link({target_.data(), entry.target});
        return {};
    }

    Result<Shared<fs::File>> make_file(const CopyEntry& entry) {
        auto open = [&] {
            return fs::open(context_, root_, path_.view(), {.mode = {.write = true}, .create = true, .truncate = true, .no_follow = true, .permissions = entry.permissions});
        };
        auto file = open();
        // A link that is in the way is replaced, and not followed.
        if (!file && file.error() == Error::symlink_loop && fs::unlink(context_, root_, path_.view())) file = open();
        return file;
    }

    /// Takes all pieces, also where there is no file for them.
    Result<void> fill(Shared<fs::File> file, Result<void> done, const CopyEntry& entry) {
        while (true) {
            le32 size;
            if (!receive(size) || size > abi::max_copy_piece) return ended_ = true, done;
            if (size == 0) break;
            for (u32 left = size; left > 0;) {
                auto part = piece_.span().first(std::min<std::size_t>(left, piece_.size()));
                if (!receive_all(part)) return done;
                left -= static_cast<u32>(part.size());
                for (auto rest = fs::IoBuffer::kernel(part); done && file && rest.remaining();)
                    if (auto written = file->write(rest); !written || *written == 0) done = fail(written ? Error::io : written.error());
            }
        }
        if (!done || !file) return done;
        auto& dentry = *file->dentry();
        TRY(fs::set_permissions(context_, dentry, entry.permissions));
        return fs::set_times(context_, dentry, {.set_modified = true, .accessed = {}, .modified = {static_cast<i64>(u64{entry.modified}), 0}});
    }

    Result<void> make_folder(const CopyEntry& entry) {
        auto made = fs::make_directory(context_, root_, path_.view(), entry.permissions);
        if (made || made.error() != Error::exists) return made;
        auto there = TRY(fs::resolve(context_, root_, path_.view(), fs::Follow::no));
        if (TRY(fs::stat(*there)).type != fs::FileType::directory) return fail(Error::exists);
        return {};
    }

    Result<void> make_link(std::string_view target) {
        auto made = fs::make_symlink(context_, root_, path_.view(), target);
        if (made || made.error() != Error::exists) return made;
        TRY(fs::unlink(context_, root_, path_.view()));
        return fs::make_symlink(context_, root_, path_.view(), target);
    }

    bool receive_all(MutableByteSpan into) {
        while (!into.empty() && !ended_) {
            auto got = console_.read(into, device::Console::Wait::yes);
            ended_ = !got || *got == 0;
            if (!ended_) into = into.subspan(*got);
        }
        return !ended_;
    }
    template <typename T>
    bool receive(T& into) {
        return receive_all({reinterpret_cast<std::byte*>(&into), sizeof into});
    }
    bool receive_text(linux::HeapArray<char>& into, std::size_t size) { return receive_all(std::as_writable_bytes(into.span().first(size))); }
    /// Who sends does not wait for room in vain.
    void skip_all() {
        std::byte part[256];
        while (receive_all(part)) {}
    }

    linux::HeapArray<char> name_, target_;
    linux::HeapArray<std::byte> piece_;
    bool ended_ = false;
};

}  // namespace

void copy_files(const wire::CopyRequest& request, device::Console& console, fs::Dentry& root) {
    if (request.direction == abi::CopyDirection::out) Outgoing(console, root).run(request.path);
    else Incoming(console, root).run(request);
}

}  // namespace spore::main
