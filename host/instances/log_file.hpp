// What a background program printed: records of a stream, a time and bytes, so that `logs` can tell standard output from
// standard error and give both back in the order in which they came. Appended to by the supervisor while others read.
#pragma once

#include <functional>

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

class LogWriter {
public:
    static Outcome<LogWriter> create(const fs::path& path);
    /// One record, in one write.
    void add(LogStream stream, std::string_view bytes);

private:
    explicit LogWriter(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
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
    explicit LogReader(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
    u64 at_ = 0;
};

}  // namespace spore::host
