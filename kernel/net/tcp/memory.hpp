// What connections' buffers may take of the machine's memory, all together: a quarter of it. From an eighth on there is pressure: buffers stop growing
// and windows are opened no further than they are.
#pragma once

#include "base/types.hpp"

namespace spore::net::tcp {

enum class Pressure : u8 { none, high, full };
Pressure pressure();
/// Bytes that all connections together have reserved.
u64 memory_in_use();

/// One connection's share. What one segment takes, a page and the packet that holds it, is not counted: each gets on, if slowly, when the others have
/// taken all. Beyond that it reserves large pieces, so that the common counter is touched rarely.
class Charge {
public:
    static constexpr u32 free_of_charge = 8192;
    Charge() = default;
    Charge(const Charge&) = delete;
    ~Charge() { remove(used_); }

    u32 used() const { return used_; }
    /// False when there is no room for it; then nothing is counted.
    bool add(u32 bytes) {
        u32 used = used_ + bytes;
        if (used > reserved_ + free_of_charge && !reserve(used)) return false;
        used_ = used;
        return true;
    }
    void remove(u32 bytes) {
        used_ -= bytes;
        if (reserved_ && used_ + 2 * piece <= reserved_ + free_of_charge) give_back();
        else if (reserved_ && used_ == 0) give_back();
    }

private:
    static constexpr u32 piece = 32'768;
    bool reserve(u32 used);
    void give_back();

    u32 used_ = 0, reserved_ = 0;
};

}  // namespace spore::net::tcp
