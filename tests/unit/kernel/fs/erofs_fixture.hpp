// EROFS images made by the real mkfs.erofs, from a folder that the test fills.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace spore::fs::test {

class ErofsSource {
public:
    ErofsSource() {
        std::string name = (std::filesystem::temp_directory_path() / "erofs-XXXXXX").string();
        if (!mkdtemp(name.data())) std::abort();
        folder_ = name;
        std::filesystem::create_directory(root());
    }
    ~ErofsSource() { std::filesystem::remove_all(folder_); }
    std::filesystem::path root() const { return folder_ / "root"; }

    void file(const std::string& name, const std::string& contents) { std::ofstream(root() / name, std::ios::binary) << contents; }
    void directory(const std::string& name) { std::filesystem::create_directories(root() / name); }
    void link(const std::string& name, const std::string& target) { std::filesystem::create_symlink(target, root() / name); }
    void hard_link(const std::string& name, const std::string& other) { std::filesystem::create_hard_link(root() / other, root() / name); }
    void fifo(const std::string& name) { (void)mkfifo((root() / name).c_str(), 0600); }

    /// The image's bytes, page-aligned in size.
    std::vector<std::byte> build(const std::string& options = "") {
        auto image = (folder_ / "image").string();
        auto command = "mkfs.erofs --quiet -T0 -U 00000000-0000-0000-0000-000000000000 " + options + " " + image + " " + root().string() +
                       " >/dev/null 2>&1";
        int status = std::system(command.c_str());
        EXPECT_EQ(status, 0) << command;
        std::ifstream in(image, std::ios::binary);
        std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
        std::vector<std::byte> result(bytes.size());
        std::memcpy(result.data(), bytes.data(), bytes.size());
        return result;
    }

private:
    std::filesystem::path folder_;
};

/// Bytes that differ from place to place.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(seed = seed * 1103515245u + 12345u, seed >> 16);
    return text;
}

}  // namespace spore::fs::test
