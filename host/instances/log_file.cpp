#include "host/instances/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

namespace spore::host {

Outcome<LogWriter> LogWriter::create(const fs::path& path) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file) return failure(ExitStatus::failed, "cannot make {}: {}", path.string(), error_text());
    return LogWriter(std::move(file));
}

void LogWriter::add(LogStream stream, std::string_view bytes) {
    LogRecordHeader header{};
    header.stream = static_cast<u8>(stream);
    header.size = static_cast<u32>(bytes.size());
    header.nanoseconds = static_cast<u64>(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
    std::string record(reinterpret_cast<const char*>(&header), sizeof header);
    record += bytes;
    (void)write_all(file_.number(), std::as_bytes(std::span(record)));  // on a full disk the program goes on without its log
}

Outcome<LogReader> LogReader::open(const fs::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failure(ExitStatus::failed, "cannot read {}: {}", path.string(), error_text());
    return LogReader(std::move(file));
}

std::optional<LogReader::Record> LogReader::next() {
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

}  // namespace spore::host
