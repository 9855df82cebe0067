// The hashes of names that directories are indexed by.
#include <algorithm>
#include <bit>

#include "wire/ext4/directory.hpp"

namespace spore::wire::ext4 {
namespace {

/// The first bytes of `text` as big-endian words, the rest filled by the length.
void to_words(std::string_view text, std::span<u32> words, bool is_unsigned) {
    u32 filler = static_cast<u32>(text.size());
    filler |= filler << 8;
    filler |= filler << 16;
    text = text.substr(0, words.size() * 4);
    std::ranges::fill(words, filler);
    for (std::size_t i = 0; i < text.size(); ++i) {
        u32 character = is_unsigned ? static_cast<u8>(text[i]) : static_cast<u32>(i32{static_cast<i8>(text[i])});
        words[i / 4] = character + (words[i / 4] << 8);
    }
}

/// The first three rounds of MD4, each over half of the words that it has there [RFC 1320 3.4].
void half_md4(u32 (&state)[4], const u32 (&in)[8]) {
    constexpr u32 second = 0x5a82'7999, third = 0x6ed9'eba1;
    constexpr u8 order[3][8] = {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 7, 2, 6, 1, 5, 0, 4}};
    constexpr u8 turns[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    constexpr u32 added[3] = {0, second, third};
    u32 s[4] = {state[0], state[1], state[2], state[3]};
    for (unsigned round = 0; round < 3; ++round)
        for (unsigned i = 0; i < 8; ++i) {
            // Each step changes the word before the one that the last step changed.
            u32& a = s[(4 - i % 4) % 4];
            u32 b = s[(5 - i % 4) % 4], c = s[(6 - i % 4) % 4], d = s[(7 - i % 4) % 4];
            u32 mixed = round == 0 ? d ^ (b & (c ^ d)) : round == 1 ? (b & c) + ((b ^ c) & d) : b ^ c ^ d;
            a = std::rotl(a + mixed + in[order[round][i]] + added[round], turns[round][i % 4]);
        }
    for (unsigned i = 0; i < 4; ++i) state[i] += s[i];
}

void tea(u32 (&state)[4], const u32 (&in)[4]) {
    u32 sum = 0, x = state[0], y = state[1];
    for (unsigned i = 0; i < 16; ++i) {
        sum += 0x9e37'79b9;
        x += ((y << 4) + in[0]) ^ (y + sum) ^ ((y >> 5) + in[1]);
        y += ((x << 4) + in[2]) ^ (x + sum) ^ ((x >> 5) + in[3]);
    }
    state[0] += x;
    state[1] += y;
}

}  // namespace

Result<NameHash> hash_name(const Superblock& super, u8 version, std::string_view name) {
    u32 state[4] = {0x6745'2301, 0xefcd'ab89, 0x98ba'dcfe, 0x1032'5476};
    if (std::ranges::any_of(super.hash_seed, [](u32 word) { return word != 0; })) std::ranges::copy(super.hash_seed, state);
    NameHash hash{};
    if (version == hash_half_md4) {
        for (; !name.empty(); name.remove_prefix(std::min<std::size_t>(32, name.size()))) {
            u32 words[8];
            to_words(name, words, super.unsigned_hash);
            half_md4(state, words);
        }
        hash = {state[1], state[2]};
    } else if (version == hash_tea) {
        for (; !name.empty(); name.remove_prefix(std::min<std::size_t>(16, name.size()))) {
            u32 words[4];
            to_words(name, words, super.unsigned_hash);
            tea(state, words);
        }
        hash = {state[0], state[1]};
    } else {
        return fail(Error::not_supported);
    }
    constexpr u32 end = 0xffff'fffe;  // stands for the end of a directory
    hash.major &= ~1u;
    if (hash.major == end) hash.major = end - 2;
    return hash;
}

}  // namespace spore::wire::ext4
