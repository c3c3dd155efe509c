//===- ControlMessages.h - messages between ranks ---------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_CONTROLMESSAGES_H
#define DCHAG_RUNTIME_CONTROLMESSAGES_H

namespace dchag::rt::messages {

constexpr char hello = 'H';     ///< who connects
constexpr char welcome = 'W';   ///< rank 0 took the rank in
constexpr char place = 'P';     ///< all are here; the address of rank 0
constexpr char addresses = 'A'; ///< where data connections of a rank listen
constexpr char ready = 'R';     ///< this rank's data connections stand
constexpr char release = 'G';   ///< those of all ranks do
constexpr char fail = 'F';      ///< why all ranks stop
constexpr char late = 'L';      ///< for which ranks this one waits in vain: 32-bit numbers, the
                                ///< first is the number of the call
constexpr char ask = 'Q';       ///< who waits, too, and who has come to the call of this number?
constexpr char present = 'I';   ///< this rank has come to it, and does not wait; "done": any more
constexpr char patience = 'T';  ///< from rank 0: nobody is missing, the call goes on
constexpr char bye = 'B';       ///< this rank is done; from rank 0: all ranks are

} // namespace dchag::rt::messages

#endif // DCHAG_RUNTIME_CONTROLMESSAGES_H
