#include "host/instances/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

namespace spore::host {

namespace {

fs::path former(const fs::path& path) { return path.string() + ".old"; }

FileDescriptor open_to_append(const fs::path& path) { return FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)); }

}  // namespace

Outcome<LogWriter> LogWriter::create(const fs::path& path, u64 most) {
    auto file = open_to_append(path);
    if (!file) return failure(ExitStatus::failed, "cannot make {}: {}", path.string(), error_text());
    return LogWriter(path, std::move(file), most);
}

void LogWriter::begin_new_file() {
    if (::rename(path_.c_str(), former(path_).c_str()) != 0) return;
    // Without a new one, the former goes on.
    if (auto file = open_to_append(path_)) file_ = std::move(file), size_ = 0;
}

void LogWriter::add(LogStream stream, std::string_view bytes) {
    LogRecordHeader header{};
    header.stream = static_cast<u8>(stream);
    header.size = static_cast<u32>(bytes.size());
    header.nanoseconds = static_cast<u64>(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
    std::string record(reinterpret_cast<const char*>(&header), sizeof header);
    record += bytes;
    if (size_ > 0 && size_ + record.size() > most_ / 2) begin_new_file();
    size_ += record.size();
    (void)write_all(file_.number(), std::as_bytes(std::span(record)));  // on a full disk the program goes on without its log
}

Outcome<LogReader> LogReader::open(const fs::path& path) {
    // From the former on; the other follows by itself.
    for (const auto& file : {former(path), path})
        if (FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC)); opened) return LogReader(path, std::move(opened));
    if (errno == ENOENT) return failure(ExitStatus::failed, "there is no {}: where a container engine keeps the machine, its own logs have the output", path.string());
    return failure(ExitStatus::failed, "cannot read {}: {}", path.string(), error_text());
}

std::optional<LogReader::Record> LogReader::next() {
    while (true) {
        bool followed = is_followed();  // first: then nothing more comes here
        if (auto record = next_here()) return record;
        FileDescriptor file;
        if (!followed || !(file = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)))) return std::nullopt;
        file_ = std::move(file), at_ = 0;
    }
}

/// Whether the path leads to another file by now.
bool LogReader::is_followed() const {
    struct stat here{}, there{};
    return ::fstat(file_.number(), &here) == 0 && ::stat(path_.c_str(), &there) == 0 && here.st_ino != there.st_ino;
}

std::optional<LogReader::Record> LogReader::next_here() {
    LogRecordHeader header;
    if (::pread(file_.number(), &header, sizeof header, static_cast<off_t>(at_)) != static_cast<ssize_t>(sizeof header)) return std::nullopt;
    constexpr u32 largest = 16 * 1024 * 1024;
    if (header.size > largest) return std::nullopt;
    Record record{static_cast<LogStream>(header.stream), header.nanoseconds, std::string(header.size, '\0')};
    auto size = static_cast<ssize_t>(record.bytes.size());
    if (::pread(file_.number(), record.bytes.data(), record.bytes.size(), static_cast<off_t>(at_ + sizeof header)) != size) return std::nullopt;
    at_ += sizeof header + record.bytes.size();
    return record;
}

void LastLines::add(LogReader::Record record) {
    for (std::string_view rest = record.bytes; !rest.empty();) {
        auto line = rest.substr(0, rest.find('\n') == rest.npos ? rest.npos : rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        bool ends = line.ends_with('\n');
        records_.push_back({record.stream, record.nanoseconds, std::string(line)});
        ended_ += ends;
        // Up to the end of the first line.
        for (bool more = ended_ + !ends > most_; more && !records_.empty();) {
            more = !records_.front().bytes.ends_with('\n');
            ended_ -= !more;
            records_.pop_front();
        }
    }
}

}  // namespace spore::host
