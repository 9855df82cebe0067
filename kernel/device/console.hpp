// The program's console: standard input, output and error as the machine offers them.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"


namespace spore::device {

struct WindowSize {
    u16 rows = 24, columns = 80;
};

enum class OutputStream : u8 { standard_out, standard_err };

class Console {
public:
    /// Writes all of it; sleeps while the machine cannot take more.
    virtual Result<void> write(OutputStream stream, ByteSpan bytes) = 0;
    /// False once nobody takes what is written there: then write() fails with broken_pipe.
    virtual bool is_taken(OutputStream) const { return true; }
    /// What is there, at most `into`; 0 at the end of the input. Waits for the first byte unless `wait` is no, then would_block.
    enum class Wait : u8 { no, yes };
    virtual Result<std::size_t> read(MutableByteSpan into, Wait wait) = 0;
    /// Bytes that read() would give at once; ~0 at the end of the input.
    virtual std::size_t readable() const = 0;
    /// Whether a person sits there: line editing and isatty follow from it.
    virtual bool is_terminal() const = 0;
    virtual WindowSize window_size() const = 0;
    /// Called (in thread context) whenever input arrives, ends, or the window changes. One listener; null to stop.
    using Listener = void (*)(void* context);
    virtual void set_listener(Listener listener, void* context) = 0;

protected:
    ~Console() = default;
};

}  // namespace spore::device
