// What the process was started with: words "key=number", most of them descriptors that it inherited. The host tool writes them
// (host/run/linuxu_command.cpp); the kernel's own command line is made of the same words.
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::arch {

struct Settings {
    u64 memory = 256_MiB;  ///< bytes
    int bundle = -1;
    int root = -1;         ///< what follows the bundle's file in memory: the root image, when it lies there
    int channel = -1;
    int serial = 2;        ///< where panics go
    int disk = -1;
    int tap = -1, stream = -1;  ///< the network card's link (devices/link.hpp), one of them
    /// A folder that the host shares (devices/share.hpp): the stream of its server, and who that runs as.
    struct Share {
        int descriptor = -1;
        u32 user = 0;
    };
    static constexpr u32 most_shares = 8;
    Share shares[most_shares];
    u32 share_count = 0;
    static constexpr u32 most_volumes = 8;
    int volumes[most_volumes];  ///< files that are disks with a file system of their own
    u32 volume_count = 0;
    bool debugger = false; ///< let a debugger attach that is not the parent's
    bool paused = false;   ///< wait for it at the start
    u64 mac = 0;           ///< the card's address: six bytes, the first one highest
};

/// Reads one word. False when it is none of these, or its number is none.
bool read_setting(Settings& settings, std::string_view word);

}  // namespace spore::arch
