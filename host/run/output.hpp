// Output to a descriptor that may be slow or gone, without ever blocking on it and without changing its flags, which other
// processes share.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace spore::host {

class Output {
public:
    explicit Output(int descriptor);

    int descriptor() const { return descriptor_; }
    void add(std::string_view bytes);
    /// Writes what the reader takes now.
    void flush();
    /// Writes everything, waiting as long as the reader lets us.
    void finish();
    std::size_t pending() const { return buffer_.size() - written_; }
    /// The reader is gone, or cannot be written to; what is added from now on vanishes.
    bool closed() const { return closed_; }
    /// Why something was lost, when not for want of a reader: errno, or 0.
    int error() const { return error_; }

private:
    bool write_some();

    int descriptor_;
    bool regular_;       ///< a file: writing never waits for a reader
    bool closed_ = false;
    int error_ = 0;
    std::string buffer_;
    std::size_t written_ = 0;
};

}  // namespace spore::host
