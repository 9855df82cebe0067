// A file as the server knows it: a number that the client chose for it.
#pragma once

#include "base/owned.hpp"

namespace spore::fs::ninep {

class Client;

/// The server forgets it with its last owner, which may sleep: never with a spin lock held.
class Fid final : public Counted {
public:
    ~Fid();
    u32 number() const { return number_; }

private:
    friend class Client;
    explicit Fid(Client& client) : client_(client) {}
    Client& client_;
    u32 number_ = 0;
    bool numbered_ = false, known_ = false;  ///< to the client, to the server
};

/// Numbers in use; the lowest free one is the next. Its owner locks.
class FidNumbers {
public:
    FidNumbers() = default;
    FidNumbers(const FidNumbers&) = delete;
    ~FidNumbers() { delete[] words_; }
    Result<u32> take();
    void give(u32 number) { words_[number / 64] &= ~(u64{1} << number % 64); }

private:
    u64* words_ = nullptr;
    u32 count_ = 0;
};

}  // namespace spore::fs::ninep
