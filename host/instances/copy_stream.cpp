#include "host/instances/copy_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "wire/copy.hpp"

namespace spore::host {

namespace {

using abi::CopyEntry;
using abi::CopyType;

class Sender {
public:
    Sender(int pipe, const CopyProblem& problem) : pipe_(pipe), problem_(problem) {}

    bool send(const fs::path& path, const std::string& below) {
        struct stat status{};
        // What is named is meant itself, what is found below it stays a link.
        if ((below.empty() ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) != 0) return skip(below);
        CopyEntry entry{};
        entry.permissions = static_cast<u16>(status.st_mode & 0777);
        entry.modified = static_cast<u64>(status.st_mtime);
        if (below.size() > abi::max_copy_string) return errno = ENAMETOOLONG, skip(below);
        if (S_ISDIR(status.st_mode)) return send_folder(entry, path, below);
        if (S_ISREG(status.st_mode)) return send_file(entry, path, below);
        if (S_ISLNK(status.st_mode)) return send_link(entry, path, below);
        return errno = EOPNOTSUPP, skip(below);
    }

private:
    bool skip(const std::string& below) {
        problem_(below, error_text());
        return true;
    }
    bool write(ByteSpan bytes) const { return write_all(pipe_, bytes); }
    bool write(CopyEntry& entry, CopyType type, std::string_view below, std::string_view target = {}) const {
        entry.type = static_cast<u8>(type);
        entry.name = static_cast<u16>(below.size()), entry.target = static_cast<u16>(target.size());
        return write(bytes_of(entry)) && write(std::as_bytes(std::span(below))) && write(std::as_bytes(std::span(target)));
    }
    bool send_folder(CopyEntry& entry, const fs::path& path, const std::string& below) {
        std::error_code error;
        std::vector<std::string> names;
        for (const auto& one : fs::directory_iterator(path, error)) names.push_back(one.path().filename());
        if (error) return errno = error.value(), skip(below);
        std::ranges::sort(names);
        if (!write(entry, CopyType::folder, below)) return false;
        return std::ranges::all_of(names, [&](const std::string& name) { return send(path / name, below.empty() ? name : below + "/" + name); });
    }
    bool send_file(CopyEntry& entry, const fs::path& path, const std::string& below) {
        FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return skip(below);
        if (!write(entry, CopyType::file, below)) return false;
        while (true) {
            auto size = ::read(file.number(), buffer_.data(), buffer_.size());
            if (size < 0) (void)skip(below);
            le32 count{};
            count = static_cast<u32>(std::max<ssize_t>(size, 0));
            if (!write(bytes_of(count)) || !write(std::as_bytes(std::span(buffer_)).first(count))) return false;
            if (size <= 0) return true;
        }
    }
    bool send_link(CopyEntry& entry, const fs::path& path, const std::string& below) {
        auto size = ::readlink(path.c_str(), buffer_.data(), buffer_.size());
        if (size < 0 || size > abi::max_copy_string) return skip(below);
        return write(entry, CopyType::link, below, {buffer_.data(), static_cast<std::size_t>(size)});
    }

    int pipe_;
    const CopyProblem& problem_;
    std::vector<char> buffer_ = std::vector<char>(abi::max_copy_piece);
};

class Receiver {
public:
    Receiver(int pipe, const CopyProblem& problem) : pipe_(pipe), problem_(problem) {}

    /// `make` makes an entry's file, or says why there is none.
    template <typename F>
    Outcome<void> run(F make) {
        CopyEntry entry;
        for (bool first = true; read_whole(&entry, sizeof entry); first = false) {
            std::string name(wire::is_sound(entry) ? std::size_t{entry.name} : 0, '\0'), target(wire::is_sound(entry) ? std::size_t{entry.target} : 0, '\0');
            if (!wire::is_sound(entry) || !read_whole(name.data(), name.size()) || !read_whole(target.data(), target.size())) return broken();
            if (static_cast<CopyType>(entry.type) == CopyType::problem) {
                problem_(printable(name), std::strerror(static_cast<int>(u32{entry.error})));
                continue;
            }
            // What is copied comes first, and all else is below it.
            if (first != name.empty() || (!first && !wire::is_path_below(name))) return broken();
            TRY(make(entry, name, target));
        }
        return ended_ ? Outcome<void>() : broken();
    }
    /// A file's contents.
    Outcome<void> write_contents(int to, const std::string& name) {
        std::vector<std::byte> buffer(abi::max_copy_piece);
        while (true) {
            le32 size;
            if (!read_whole(&size, sizeof size) || size > buffer.size() || !read_whole(buffer.data(), size)) return broken();
            if (size == 0) return {};
            if (!write_all(to, std::span(buffer).first(size))) return failure(ExitStatus::failed, "cannot write {}: {}", name, error_text());
        }
    }

private:
    static std::unexpected<Failure> broken() { return failure(ExitStatus::failed, "what the guest sent broke off, or is no copy of files"); }
    /// From a guest to a terminal.
    static std::string printable(std::string text) {
        std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
        return text;
    }
    /// False at the end, or in the midst.
    bool read_whole(void* into, std::size_t size) {
        for (std::size_t done = 0; done < size;) {
            auto got = ::read(pipe_, static_cast<char*>(into) + done, size - done);
            if (got < 0 && errno == EINTR) continue;
            ended_ = got == 0 && done == 0;
            if (got <= 0) return false;
            done += static_cast<std::size_t>(got);
        }
        return true;
    }

    int pipe_;
    const CopyProblem& problem_;
    bool ended_ = false;
};

Outcome<void> cannot_make(const fs::path& to, const std::string& name) {
    return failure(ExitStatus::failed, "cannot make {}: {}", (name.empty() ? to : to / name).string(), error_text());
}

/// Where an entry is to be made: its folder, and its name there.
struct Place {
    FileDescriptor folder;
    std::string name;
};

}  // namespace

bool send_files(int pipe, const fs::path& from, const CopyProblem& problem) { return Sender(pipe, problem).send(from, ""); }

Outcome<void> receive_files(int pipe, const fs::path& to, const CopyProblem& problem) {
    Receiver receiver(pipe, problem);
    return receiver.run([&](const CopyEntry& entry, const std::string& name, const std::string& target) -> Outcome<void> {
        auto slash = name.rfind('/');
        auto above = name.substr(0, slash == name.npos ? 0 : slash);
        Place place = name.empty() ? Place{FileDescriptor(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)), to.string()}
                                   : Place{open_inside(to, "/" + above, O_PATH | O_DIRECTORY | O_CLOEXEC), name.substr(slash == name.npos ? 0 : slash + 1)};
        if (!place.folder) return cannot_make(to, name);
        int folder = place.folder.number();
        const char* last = place.name.c_str();
        mode_t mode = entry.permissions;
        switch (static_cast<CopyType>(entry.type)) {
            case CopyType::folder:
                // Ours to fill, whatever the guest's may do.
                if (::mkdirat(folder, last, mode | S_IRWXU) != 0 && errno != EEXIST) return cannot_make(to, name);
                return {};
            case CopyType::link:
                if (::symlinkat(target.c_str(), folder, last) == 0) return {};
                if (errno == EEXIST && ::unlinkat(folder, last, 0) == 0 && ::symlinkat(target.c_str(), folder, last) == 0) return {};
                return cannot_make(to, name);
            default: break;
        }
        auto open = [&] { return FileDescriptor(::openat(folder, last, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | (name.empty() ? 0 : O_NOFOLLOW), mode | S_IWUSR)); };
        auto file = open();
        if (!file && errno == ELOOP && ::unlinkat(folder, last, 0) == 0) file = open();
        if (!file) return cannot_make(to, name);
        TRY(receiver.write_contents(file.number(), (name.empty() ? to : to / name).string()));
        struct stat status{};
        if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) return {};  // a device, which the user has named
        (void)::fchmod(file.number(), mode);
        struct timespec times[]{{0, UTIME_OMIT}, {static_cast<time_t>(u64{entry.modified}), 0}};
        (void)::futimens(file.number(), times);
        return {};
    });
}

Outcome<void> receive_contents(int pipe, int to, const CopyProblem& problem) {
    Receiver receiver(pipe, problem);
    return receiver.run([&](const CopyEntry& entry, const std::string&, const std::string&) -> Outcome<void> {
        if (static_cast<CopyType>(entry.type) != CopyType::file) return failure(ExitStatus::failed, "it is no file: give a folder to copy it to");
        return receiver.write_contents(to, "standard output");
    });
}

}  // namespace spore::host
