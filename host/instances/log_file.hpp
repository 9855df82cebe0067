// What a background program printed: records of a stream, a time and bytes, so that `logs` can tell standard output from
// standard error and give both back in the order in which they came. Appended to by the supervisor while others read.
//
// Programs print for months: what goes beyond half of the log's size begins a new file, the former gets the name LOG.old, and who had that is gone.
#pragma once

#include <deque>
#include <optional>

#include "host/common/files.hpp"

namespace spore::host {

enum class LogStream : u8 { output = 1, errors = 2 };

struct LogRecordHeader {
    u8 stream;  ///< a LogStream
    u8 reserved[3];
    le32 size;         ///< bytes that follow
    le64 nanoseconds;  ///< since 1970
};
static_assert(sizeof(LogRecordHeader) == 16 && alignof(LogRecordHeader) == 1);

/// Of both files together.
inline constexpr u64 default_log_size = 64_MiB;

class LogWriter {
public:
    static Outcome<LogWriter> create(const fs::path& path, u64 most = default_log_size);
    /// One record, in one write.
    void add(LogStream stream, std::string_view bytes);

private:
    LogWriter(fs::path path, FileDescriptor file, u64 most) : path_(std::move(path)), file_(std::move(file)), most_(most) {}
    void begin_new_file();

    fs::path path_;
    FileDescriptor file_;
    u64 most_, size_ = 0;
};

class LogReader {
public:
    struct Record {
        LogStream stream;
        u64 nanoseconds;
        std::string bytes;
    };
    static Outcome<LogReader> open(const fs::path& path);
    /// The next whole record, or nothing yet.
    std::optional<Record> next();

private:
    LogReader(fs::path path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
    std::optional<Record> next_here();
    bool is_followed() const;

    fs::path path_;
    FileDescriptor file_;
    u64 at_ = 0;
};

/// The last so many lines of both streams together. A line that has not ended yet counts.
class LastLines {
public:
    explicit LastLines(u64 most) : most_(most) {}
    void add(LogReader::Record record);
    /// Each a line or a piece of one.
    const std::deque<LogReader::Record>& records() const { return records_; }

private:
    u64 most_;
    std::deque<LogReader::Record> records_;
    u64 ended_ = 0;  ///< lines that end in records_
};

}  // namespace spore::host
