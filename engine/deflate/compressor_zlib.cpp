// SPDX-License-Identifier: MIT
// The seam, with zlib behind it. zlib's memory comes from the pool, and zlib tells nobody how large it
// was: a compressor remembers that of each piece.
#define ZLIB_CONST
#include "deflate/compressor.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>

namespace hawse::deflate {

class Compressor {
public:
    explicit Compressor(Pool& pool) noexcept : pool_(pool) {
        stream_.zalloc = allocate;
        stream_.zfree = release;
        stream_.opaque = this;
    }

    [[nodiscard]] bool begin(CompressorSettings settings) noexcept;
    void end() noexcept { (void)deflateEnd(&stream_); }
    void restart(std::span<const ConstBytes> pieces) noexcept;
    [[nodiscard]] std::size_t compress(ConstBytes input, Bytes output) noexcept;

    [[nodiscard]] Pool& pool() noexcept { return pool_; }

private:
    /// Reads from the front of `input` and writes to the front of `room`; both are shortened.
    void run(ConstBytes& input, Bytes& room, int flush) noexcept;
    static void* allocate(void* compressor, uInt count, uInt size) noexcept;
    static void release(void* compressor, void* octets) noexcept;

    // zlib asks for five; others that stand in for it ask for no more than this.
    struct Lease {
        void* octets;
        std::size_t size;
    };

    z_stream stream_ = {};
    Pool& pool_;
    std::array<Lease, 8> leases_ = {};
};

namespace {

// zlib's own 8 is refused for raw DEFLATE. Its 9 refers back by 512 - 262 octets at most: 250.
constexpr int window_bits_min = 9;
constexpr std::array<std::byte, 5> empty_block = {std::byte{0x00}, std::byte{0x00}, std::byte{0x00},
                                                  std::byte{0xFF}, std::byte{0xFF}};
// Octets that zlib is given at once, of input and of room: it counts in unsigned int.
constexpr std::size_t step_size_max = std::size_t{1} << 20;

int window_bits_of(CompressorSettings settings) noexcept {
    return std::max<int>(settings.window_bits, window_bits_min);
}

Bytef* zlib_octets(std::byte* octets) noexcept { return reinterpret_cast<Bytef*>(octets); }
const Bytef* zlib_octets(const std::byte* octets) noexcept {
    return reinterpret_cast<const Bytef*>(octets);
}

}  // namespace

bool Compressor::begin(CompressorSettings settings) noexcept {
    return deflateInit2(&stream_, settings.level, Z_DEFLATED, -window_bits_of(settings),
                        settings.memory_level, Z_DEFAULT_STRATEGY) == Z_OK;
}

void Compressor::restart(std::span<const ConstBytes> pieces) noexcept {
    [[maybe_unused]] int answer = deflateReset(&stream_);
    assert(answer == Z_OK);
    for (const ConstBytes piece : pieces) {
        if (piece.empty()) continue;
        answer = deflateSetDictionary(&stream_, zlib_octets(piece.data()),
                                      static_cast<uInt>(piece.size()));
        assert(answer == Z_OK);
    }
}

// When zlib has filled its room exactly, it does not say whether there is more to come. Between the last
// block and the empty one it need not: then there is no room for the empty one either.
std::size_t Compressor::compress(ConstBytes input, Bytes output) noexcept {
    Bytes room = output;
    do {
        if (room.empty()) return 0;
        run(input, room, input.size() <= step_size_max ? Z_BLOCK : Z_NO_FLUSH);
    } while (!input.empty() || stream_.avail_out == 0);
    std::array<std::byte, 8> end;  // its 5 octets, or 6 with the bits that were left
    Bytes end_room = end;
    run(input, end_room, Z_SYNC_FLUSH);
    const std::size_t end_size = end.size() - end_room.size();
    if (end_size > room.size()) return 0;
    std::memcpy(room.data(), end.data(), end_size);
    return output.size() - room.size() + end_size;
}

void Compressor::run(ConstBytes& input, Bytes& room, int flush) noexcept {
    const std::size_t input_size = std::min(input.size(), step_size_max);
    const std::size_t room_size = std::min(room.size(), step_size_max);
    stream_.next_in = zlib_octets(input.data());
    stream_.avail_in = static_cast<uInt>(input_size);
    stream_.next_out = zlib_octets(room.data());
    stream_.avail_out = static_cast<uInt>(room_size);
    [[maybe_unused]] const int answer = ::deflate(&stream_, flush);
    assert(answer == Z_OK);
    input = input.subspan(input_size - stream_.avail_in);
    room = room.subspan(room_size - stream_.avail_out);
}

void* Compressor::allocate(void* compressor, uInt count, uInt size) noexcept {
    auto& self = *static_cast<Compressor*>(compressor);
    const auto lease = std::find_if(self.leases_.begin(), self.leases_.end(),
                                    [](const Lease& one) { return one.octets == nullptr; });
    if (lease == self.leases_.end()) return nullptr;
    lease->size = std::size_t{count} * size;
    lease->octets = self.pool_.lease(lease->size);
    return lease->octets;
}

void Compressor::release(void* compressor, void* octets) noexcept {
    auto& self = *static_cast<Compressor*>(compressor);
    const auto lease = std::find_if(self.leases_.begin(), self.leases_.end(),
                                    [=](const Lease& one) { return one.octets == octets; });
    assert(lease != self.leases_.end());
    self.pool_.give_back(static_cast<std::byte*>(lease->octets), lease->size);
    lease->octets = nullptr;
}

bool can_compress() noexcept { return true; }

// zlib's own leases, one by one. zlib-ng, which has the same names, makes others: whoever builds with it
// writes them here, and tests/unit/deflate compares them with what is leased.
std::size_t compressor_size(CompressorSettings settings) noexcept {
    const int bits = window_bits_of(settings);
    const std::size_t state_size = 8192;                     // zlib's: some 6,000
    const std::size_t window_size = std::size_t{2} << bits;  // two windows of octets
    const std::size_t chain_size = std::size_t{2} << bits;   // two octets for each
    const std::size_t head_size = std::size_t{256} << settings.memory_level;
    const std::size_t pending_size = std::size_t{256} << settings.memory_level;
    return Pool::block_size(sizeof(Compressor)) + Pool::block_size(state_size) +
           Pool::block_size(window_size) + Pool::block_size(chain_size) +
           Pool::block_size(head_size) + Pool::block_size(pending_size);
}

Compressor* make_compressor(Pool& pool, CompressorSettings settings) noexcept {
    std::byte* const storage = pool.lease(sizeof(Compressor));
    if (storage == nullptr) return nullptr;
    auto* const compressor = new (storage) Compressor(pool);
    if (compressor->begin(settings)) return compressor;
    pool.give_back(storage, sizeof(Compressor));  // what zlib had leased it has given back
    return nullptr;
}

void destroy_compressor(Compressor* compressor) noexcept {
    if (compressor == nullptr) return;
    Pool& pool = compressor->pool();
    compressor->end();
    pool.give_back(reinterpret_cast<std::byte*>(compressor), sizeof(Compressor));
}

void restart(Compressor& compressor, std::span<const ConstBytes> pieces) noexcept {
    compressor.restart(pieces);
}

std::size_t compress(Compressor& compressor, ConstBytes input, Bytes output) noexcept {
    // zlib has nothing to say then behind a flush. The stream stands between two octets, always.
    if (input.empty()) {
        if (output.size() < empty_block.size()) return 0;
        std::memcpy(output.data(), empty_block.data(), empty_block.size());
        return empty_block.size();
    }
    return compressor.compress(input, output);
}

// Literals of 9 bits at most, in blocks of 127 at least, each with 10 bits around them; an empty one.
std::size_t compressed_size_max(std::size_t size) noexcept {
    return size + size / 8 + size / 64 + 16;
}

}  // namespace hawse::deflate
