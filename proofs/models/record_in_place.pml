/*
 * Sessions in a strong store: a record stays by its key for the session's whole
 * life, and a number in it, the generation, says which cookies count.
 *
 * README.md says what is checked, to which bounds, and how to run it. -DSETUP_x
 * chooses who takes part, -DPROPS which properties are asserted, and -DBREAK_x
 * breaks the protocol on purpose. One tick is 30 s.
 */

#define GRACE 1  /* what may be on its way is waited for */
#define SKEW 2   /* how far apart the clocks of two servers may be */
#ifndef RENEW
#define RENEW 2  /* the option renewAfter */
#endif
#define FLIGHT 1 /* how long a request or an answer may be on its way */
#define TRIES 3
#ifndef MARGIN
#define MARGIN 0 /* how long before the newest a cookie may be sealed and no copy */
#endif

/* Properties, as bits of PROPS. */
#define P_ENDED 1    /* P1: no end is undone */
#define P_WRITES 2   /* P2: no update is lost or counted twice */
#define P_OWNERS 4   /* P3: nothing of one user in another's hands */
#define P_RIGHTFUL 8 /* P4: renewal logs nobody out */
#define P_COPIES 16  /* P5: what a copied cookie opens */
#define P_LOGINS 32  /* P6: a login whose answer arrives is a login */
#define P_LAST 64    /* P7: no other answer takes a login's cookie away */
#define P_CART 128   /* P8: what a visitor had before the login is there after */
#ifndef PROPS
#define PROPS 255
#endif
#define IS_LAST (PROPS & P_LAST)
#define must(p, e) assert(!((p) & PROPS) || (e))

/* Users. */
#define NONE 0
#define ADA 1
#define BOB 2
/* What there is of a user's: from before, and what a request adds. */
#define OLD_OF(u) (1 << (u))
#define NEW_OF(u) (8 << (u))
#define ALL_OF(u) (OLD_OF(u) | NEW_OF(u))

/* What a request does. */
#define READ 1
#define RESEAL 2 /* reads, and its cookie is to be set again for its age */
#define INC 4
#define LOGIN 8
#define REGEN 16
#define DESTROY 32

/* What a cookie is worth. */
#define FRESH 0
#define NEWEST 1
#define OLDER 2
#define REFUSED 3
#define REUSE 4

/* What a store says; a call without an answer says UNKNOWN. */
#define OK 0
#define CONFLICT 1
#define GONE 2
#define UNKNOWN 3

/* ------------------------------------------------------------ the setups */

#define PROCS 3
#define THIEF_COOKIE 1
#ifndef FAULTS
#define FAULTS 1 /* store calls whose answer is lost or late */
#endif
#ifndef CRASHES
#define CRASHES 0 /* processes that stop between two calls */
#endif

#ifdef SETUP_RENEWAL /* two tabs, two servers, time passes */
#define COUNT_OF_PEOPLE 2
#ifndef TICKS
#define TICKS 5
#endif
#define AGE RENEW
#define SKEWED
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 3, READ | RESEAL, ADA); \
  run Tab(1, 0, 3, 1, READ | RESEAL | INC, ADA)
#define WHOLE_LIFE
#endif
#ifdef SETUP_SLOW_OFFER /* a request that takes longer than renewAfter */
#define COUNT_OF_PEOPLE 2
#define TICKS 6
#define AGE RENEW
#define SKEWED
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 4, READ, ADA); \
  run Tab(1, 0, 3, 1, READ, ADA)
#define WHOLE_LIFE
#endif
#ifdef SETUP_RENEWAL_WRITES
#define COUNT_OF_PEOPLE 2
#ifndef TICKS
#define TICKS 5
#endif
#define AGE RENEW
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 2, READ | INC, ADA); \
  run Tab(1, 0, 2, 1, READ | INC, ADA)
#define WHOLE_LIFE
#endif
#ifdef SETUP_WRITES /* three tabs write */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 1, INC, ADA); \
  run Tab(1, 0, 1, 1, INC, ADA); \
  run Tab(2, 0, 2, 1, INC | REGEN, ADA)
#endif
#ifdef SETUP_LOGINS /* a visitor with a cart signs in, twice */
#define COUNT_OF_PEOPLE 3
#define OWNER NONE
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN, ADA); \
  run Tab(1, 0, 1, 1, LOGIN, ADA); \
  run Tab(2, 0, 2, 1, READ | RESEAL | INC, ADA)
#endif
#ifdef SETUP_LOGINS_REGENERATE
#define COUNT_OF_PEOPLE 3
#define OWNER NONE
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN, ADA); \
  run Tab(1, 0, 1, 1, REGEN, ADA); \
  run Tab(2, 0, 2, 1, LOGIN | REGEN | INC, ADA)
#endif
#ifdef SETUP_LOGINS_RENEWAL
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define AGE RENEW
#ifndef TICKS
#define TICKS 1
#endif
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN, ADA); \
  run Tab(1, 0, 1, 1, LOGIN | REGEN, ADA); \
  run Tab(2, 0, 2, 1, READ | INC, ADA)
#endif
#ifdef SETUP_USERS /* Bob logs in where Ada was, while her tab writes */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN, BOB); \
  run Tab(1, 0, 1, 1, INC, ADA); \
  run Tab(2, 0, 2, 1, LOGIN | INC | REGEN | READ, ADA)
#endif
#ifdef SETUP_ENDS /* a logout among writes and a login */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 2, DESTROY | READ, ADA); \
  run Tab(1, 0, 2, 1, INC | REGEN, ADA); \
  run Tab(2, 0, 3, 1, INC | LOGIN, ADA)
#endif
#ifdef SETUP_LOGOUTS /* a logout by a cookie that was just replaced */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define PEOPLE \
  run Tab(0, 0, 0, 1, REGEN | LOGIN, ADA); \
  run Tab(1, 0, 1, 1, DESTROY, ADA); \
  run Tab(2, 0, 2, 1, INC | REGEN | LOGIN, ADA)
#endif
#ifdef SETUP_THIEF_LOGOUT /* the same, by a copy of the cookie */
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define AGE RENEW
#define THIEF
#define PEOPLE \
  run Tab(0, 0, 0, 2, REGEN | LOGIN, ADA); \
  run Tab(1, 1, 2, 1, DESTROY, ADA)
#endif
#ifdef SETUP_OLD_COPY_LOGOUT /* the same, by one that was a copy before that */
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define TICKS 3
#define AGE RENEW
#define THIEF
#define PEOPLE \
  run Tab(0, 0, 0, 3, READ | REGEN, ADA); \
  run Tab(1, 1, 3, 1, DESTROY, ADA)
#endif
#ifdef SETUP_LATE_LOGOUT /* the same, much later */
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define TICKS 3
#define PEOPLE \
  run Tab(0, 0, 0, 1, REGEN | LOGIN, ADA); \
  run Tab(1, 0, 1, 1, DESTROY, ADA)
#endif
#ifdef SETUP_ONE_PROCESS /* logins and logouts, also by a cookie just replaced */
#define COUNT_OF_PEOPLE 3
#define OWNER NONE
#define LEAVES
#define PEOPLE \
  run Tab(0, 0, 0, 1, REGEN, ADA); \
  run Tab(1, 0, 1, 1, LOGIN, ADA); \
  run Tab(2, 0, 2, 2, REGEN | LOGIN | INC | DESTROY, ADA)
#endif
#ifdef SETUP_REVOKE_ALL /* two sessions of Ada, one of a visitor */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define MORE_RECORDS
#define AGE RENEW
#define PEOPLE \
  run Tab(0, 0, 0, 2, INC | REGEN | LOGIN | READ, ADA); \
  run Tab(1, 1, 2, 1, INC | LOGIN, ADA); \
  run Admin()
#endif
#ifdef SETUP_REVOKE_OTHERS /* the same, but the first one stays */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define MORE_RECORDS
#define EXCEPT 1
#define AGE RENEW
#define PEOPLE \
  run Tab(0, 0, 0, 2, INC | REGEN | LOGIN | READ, ADA); \
  run Tab(1, 1, 2, 1, INC | LOGIN, ADA); \
  run Admin()
#endif
#ifdef SETUP_TABS_THIEF /* two tabs, and a copy of their cookie */
#define COUNT_OF_PEOPLE 3
#define OWNER ADA
#define AGE RENEW
#define THIEF
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN | REGEN, ADA); \
  run Tab(1, 0, 1, 1, INC | DESTROY, ADA); \
  run Tab(2, 1, 2, 2, READ | INC | REGEN | DESTROY, ADA)
#endif
#ifdef SETUP_THIEF_SLOW /* a copy, in a request that stays open for long */
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define TICKS 3
#define THIEF
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN | REGEN, ADA); \
  run Tab(1, 1, 1, 1, REGEN, ADA)
#endif
#ifdef SETUP_THIEF /* a copy of the cookie, and the visitor logs in again */
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define AGE RENEW
#define THIEF
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN | REGEN, ADA); \
  run Tab(1, 1, 1, 2, READ | INC | REGEN | RESEAL, ADA)
#endif
#ifdef SETUP_THIEF_RENEWAL
#define COUNT_OF_PEOPLE 2
#define OWNER ADA
#define AGE RENEW
#define THIEF
#ifndef TICKS
#define TICKS 6
#endif
#define PEOPLE \
  run Tab(0, 0, 0, 3, READ, ADA); \
  run Tab(1, 1, 3, 1, READ | RESEAL, ADA)
#endif
#ifdef SETUP_PLANTED /* the visitor's cookie is one that somebody else has */
#define COUNT_OF_PEOPLE 3
#define OWNER NONE
#define AGE RENEW
#define THIEF
#define PLANTED
#define PEOPLE \
  run Tab(0, 0, 0, 1, LOGIN, ADA); \
  run Tab(1, 1, 1, 1, READ | INC | REGEN | LOGIN, BOB); \
  run Tab(2, 1, 2, 1, READ | INC | REGEN, BOB)
#endif

#ifndef TICKS
#define TICKS 0
#endif
#ifndef AGE
#define AGE 0 /* of the cookie, at the start */
#endif

/* -------------------------------------------------- the store and the rest */

typedef Rec {
  bit on;
  byte rev;
  byte own;
  byte since; /* generation of the last login that changed the owner */
  byte gen;   /* of the newest cookie */
  byte old;   /* of the oldest one that may be served, or could be until then */
  byte floor; /* of the last login or regenerate: before it is refused */
  byte login; /* of the last login */
  byte at;    /* when the newest was first seen; 0: not yet */
  bit clk;    /* by whose clock */
  byte bump;  /* when the newest was made, or offered again */
  /* Only for the properties: the newest one that a login or regenerate began
   * with, and the first one that was no copy for sure when they came. */
  byte from; byte sure;
  byte n;     /* two bits a request: how often its increment counts */
  byte data;  /* whose data there is */
  byte h1; byte h2; byte h3; byte h4; byte h5; /* the last writes */
}

#define COPY(x, y) \
  x.on = y.on; x.rev = y.rev; x.own = y.own; x.since = y.since; \
  x.gen = y.gen; x.old = y.old; x.floor = y.floor; x.login = y.login; x.at = y.at; \
  x.clk = y.clk; x.bump = y.bump; x.from = y.from; x.sure = y.sure; \
  x.n = y.n; x.data = y.data; \
  x.h1 = y.h1; x.h2 = y.h2; x.h3 = y.h3; x.h4 = y.h4; x.h5 = y.h5
#define CLEAR(x) \
  x.on = 0; x.rev = 0; x.own = 0; x.since = 0; x.gen = 0; x.old = 0; x.floor = 0; \
  x.login = 0; x.at = 0; x.clk = 0; x.bump = 0; x.from = 0; x.sure = 0; \
  x.n = 0; x.data = 0; \
  x.h1 = 0; x.h2 = 0; x.h3 = 0; x.h4 = 0; x.h5 = 0

#define SIDS 6 /* 0 is no session */
Rec rec[SIDS];
byte top = 3; /* the next fresh id */

/* Browsers: 0 is the visitor's, 1 somebody else's. */
byte jarSid[2];
byte jarGen[2];
byte jarSealed[2]; /* when, by the clock of who has made it */


#define START 10
byte now = START;
byte off[2];
#define clock(s) (now + off[s])
#ifdef SKEWED
#define APART (2 * SKEW) /* one server takes the other's clock for 60 s off */
#else
#define APART 0
#endif
byte due[PROCS]; /* by when something on its way has arrived */
byte faults = FAULTS;
byte crashes = CRASHES;
byte running = 0;

/* A write whose answer comes late. */
byte late = 0; /* 1 on its way, 2 has landed, 3 over */
bit lateIsFailed = 0; /* its request has failed */
bit lateIsNew = 0;
bit lateIsLeft = 0;   /* its process has stopped */
byte lateSid;
byte lateMade; /* the generation that it makes, or 0 */
Rec lateRec;
Rec lateOld;

#ifdef LEAVES
/* What one process remembers: of each request, the session that it has opened,
 * and what became of that since. */
byte opened[PROCS];
byte newer[PROCS];  /* the newest generation, or MOST: it has ended */
byte logged[PROCS]; /* the generations that were a login's, as bits */
byte turned[PROCS]; /* who says that the browser has another session, as bits */
byte endedHere = 0; /* the sessions that it has ended, as bits */
#define MOST 255
#define noteOne(i, I, G, L) \
  newer[i] = (opened[i] == I && (G) > newer[i] -> (G) : newer[i]); \
  logged[i] = logged[i] | (opened[i] == I && (L) -> 1 << (G) : 0)
#ifdef BREAK_NEWER
#define note(I, G, L)
#else
#define note(I, G, L) \
  noteOne(0, I, G, L); noteOne(1, I, G, L); noteOne(2, I, G, L)
#endif
#define noteEnd(I) \
  noteOne(0, I, MOST, false); noteOne(1, I, MOST, false); \
  noteOne(2, I, MOST, false); endedHere = endedHere | (1 << (I))
#ifdef BREAK_HOLD
#define noteTurned(I)
#else
#define noteTurned(I) \
  turned[0] = turned[0] | (opened[0] == (I) -> 1 << me : 0); \
  turned[1] = turned[1] | (opened[1] == (I) -> 1 << me : 0); \
  turned[2] = turned[2] | (opened[2] == (I) -> 1 << me : 0)
#endif
#define forgetTurned() \
  turned[0] = turned[0] & ~(1 << me); turned[1] = turned[1] & ~(1 << me); \
  turned[2] = turned[2] & ~(1 << me)
#ifdef NOTE_READ
byte seen[PROCS]; /* the floor that others have read since its own write */
#define noteReadOne(i, I, G) \
  seen[i] = (opened[i] == I && (G) > seen[i] -> (G) : seen[i])
#define noteRead(I, G) \
  noteReadOne(0, I, G); noteReadOne(1, I, G); noteReadOne(2, I, G)
/* It may be taken back: no login's answer is lost by it. */
#define newest() (seen[me] > newer[me] && !isLogin -> seen[me] : newer[me])
#else
#define newest() newer[me]
#endif
#ifdef BREAK_OWN_LOGIN
#define isOutdated() (newest() > cg || turned[me])
#else
#define isOutdated() (newest() > cg || turned[me] && !((logged[me] >> cg) & 1))
#endif
#else
#define noteEnd(I)
#endif

/* What only the properties know. */
bit ended[SIDS];    /* an end of it was acknowledged */
byte acked = 0;     /* increments that were acknowledged */
byte wiped = 0;     /* increments that an end or another user has removed */
byte sidOf[4];      /* where each was counted */
bit isHers = 0;     /* its visitor has logged in or regenerated */
bit isEnded = 0;    /* there was some end */
byte floorAt = START; /* when the first record's last login or regenerate was */
byte sharedGen = 0; /* two that met have taken this generation */
byte jarUser = 0;   /* whose login the visitor's browser has read last */
byte jarLoginSid = 0;
byte jarLoginGen = 0;
#if IS_LAST
byte jarLogin = 0;  /* which of the logins that was, as they were counted */
byte loginsRead = 0;
byte logins = 0;    /* logins written or, in one process, known to it */
#endif
#if IS_LAST && !defined(LEAVES)
#define countLogin(e) logins = logins + ((e) -> 1 : 0)
#else
#define countLogin(e)
#endif
#if IS_LAST && defined(LEAVES)
#define countKnown() logins++; after = logins
#ifdef EARLIER_LOGIN
#define countForeign() countKnown()
#else
/* A cookie from before a login decides nothing. */
#define countForeign() after = MOST
#endif
byte jarLoginOf;    /* by a cookie of which session it was */
bit isJarForeign;   /* and of one from before another login */
/* It had opened that before the login was known, and has an older cookie. */
#define isBefore() (began < jarLogin && opened[me] && opened[me] == jarLoginOf && \
  (cs != jarLoginSid || cg < jarLoginGen) && !(isJarForeign && ended[cs]))
#else
#define countKnown() skip
#define countForeign() skip
/* It was sent before the login's answer was read. */
#define isBefore() (began < loginsRead)
#endif

#define COUNT(n_, w_) (((n_) >> (2 * (w_))) & 3)
#define one(n_, w_) (COUNT(n_, w_) -> (1 << (w_)) : 0)
#define counted(n_) (one(n_, 0) | one(n_, 1) | one(n_, 2) | one(n_, 3))

inline lookAtCopies() {
#ifdef PLANTED
  must(P_COPIES, !(rec[1].own == ADA && jarSid[1] == 1 &&
    jarGen[1] >= rec[1].floor));
#endif
  must(P_COPIES, sharedGen || !(rec[1].own == ADA && isHers && jarSid[1] == 1 &&
    jarGen[1] >= rec[1].floor))
}

/* After each write. */
inline look(I) {
  must(P_ENDED, !ended[I]);
  must(P_OWNERS, !(rec[I].own == BOB && (rec[I].data & ALL_OF(ADA))));
  must(P_OWNERS, !(rec[I].own == ADA && (rec[I].data & ALL_OF(BOB))));
  must(P_WRITES, COUNT(rec[I].n, 0) < 2 && COUNT(rec[I].n, 1) < 2);
  must(P_WRITES, COUNT(rec[I].n, 2) < 2 && COUNT(rec[I].n, 3) < 2);
  lookAtCopies()
}

/* Compare and swap: x over a record, if that is still what x was made from. */
inline swap(I, X, R) {
  if
#ifdef BREAK_INSERT
  :: rec[I].on && rec[I].rev != X.rev -> R = CONFLICT
#else
  :: !rec[I].on -> R = GONE
#ifdef BREAK_SWAP
  :: false -> skip
#else
  :: rec[I].on && rec[I].rev != X.rev -> R = CONFLICT
#endif
#endif
  :: else ->
    if
    :: X.own != rec[I].own && rec[I].own != NONE ->
      wiped = wiped | (counted(rec[I].n) & ~counted(X.n))
    :: else
    fi;
    countLogin(X.login > rec[I].login);
    if
    :: I == 1 && X.floor > rec[I].floor -> floorAt = X.at - off[X.clk]
    :: else
    fi;
    COPY(rec[I], X);
    rec[I].on = 1;
    rec[I].rev = X.rev + 1;
    R = OK;
    look(I)
  fi
}

inline insert(I, X) {
  COPY(rec[I], X);
  countLogin(X.own != NONE);
  look(I)
}

inline remove(I) {
  wiped = wiped | counted(rec[I].n);
  CLEAR(rec[I]);
  isEnded = 1
}

/* -------------------------------------------------------------- the rules */

/* Whether nobody is on the way any more with a cookie before the newest. */
#ifdef BREAK_CLOCKS
#define isOver(x, s) (clock(s) > x.at + GRACE)
#else
#define isOver(x, s) (clock(s) > x.at + GRACE + (s == x.clk -> 0 : SKEW))
#endif

/* The last login or regenerate was a moment ago. */
#define isFloorNew(x, s) (x.gen == x.floor && !isOver(x, s))
#ifdef BREAK_BEFORE_LOGIN
#define isJustReplaced(x, t_, s) isFloorNew(x, s)
#else
#ifdef BREAK_REPLACED
#define isJustReplaced(x, t_, s) false
#else
#ifdef BREAK_MUCH_LATER
#define isJustReplaced(x, t_, s) (x.gen == x.floor && (t_) >= x.login && \
  (t_) >= x.old)
#else
#ifdef BREAK_OLDEST
#define isJustReplaced(x, t_, s) (isFloorNew(x, s) && (t_) >= x.login)
#else
/* A cookie of this number that was served until then, but not one from before
 * a login. */
#define isJustReplaced(x, t_, s) (isFloorNew(x, s) && (t_) >= x.login && \
  (t_) >= x.old)
#endif
#endif
#endif
#endif
#ifdef BREAK_OPEN_FOR_LONG
#define mayShare(x, s) true
#else
#define mayShare(x, s) isFloorNew(x, s)
#endif
/* The same by real time: what two clocks may make of it at most. */
#define isReallyNew (now <= floorAt + GRACE + APART)

#ifdef BREAK_CONFIRM
#define isSeen(x) true
#define isServed(x, t_, s) (clock(s) <= x.bump + GRACE + SKEW)
#else
#define isSeen(x) (x.gen == x.floor || x.at)
#ifdef BREAK_ENDLESS
#define isServed(x, t_, s) true
#else
#ifdef BREAK_SEALED
#define isServed(x, t_, s) (!x.at || !isOver(x, s))
#else
/* What was sealed since, a slow request's cookie, is no copy. */
#define isServed(x, t_, s) (!x.at || !isOver(x, s) || (t_) + MARGIN >= x.bump)
#endif
#endif
#endif

/* What a cookie of generation g is worth. */
inline judge(X, G, T, S, R) {
  if
  :: G == X.gen -> R = NEWEST
  :: G > X.gen || G < X.floor -> R = REFUSED
  :: else -> R = (G >= X.old && isServed(X, T, S) -> OLDER : REUSE)
  fi
}

/* A renewal is due, and nobody is on the way with the one before. */
#ifdef BREAK_EARLY_RENEWAL
#define isDue(x, s) (clock(s) >= x.bump + RENEW)
#else
#define isDue(x, s) (clock(s) >= x.bump + RENEW && \
  (x.gen == x.old || (x.at && isOver(x, s))))
#endif

#ifdef BREAK_IDS
#define isMine(x, w_) false
#else
#ifdef BREAK_SHORT_HISTORY
#define isMine(x, w_) (x.h1 == (w_) + 1)
#else
#define isMine(x, w_) (x.h1 == (w_) + 1 || x.h2 == (w_) + 1 || \
  x.h3 == (w_) + 1 || x.h4 == (w_) + 1 || x.h5 == (w_) + 1)
#endif
#endif

inline remember(X, W) {
  if
#if FAULTS == 0
  :: true -> skip /* nobody asks */
#else
  :: X.h1 != (W) + 1 ->
    X.h5 = X.h4;
    X.h4 = X.h3;
    X.h3 = X.h2;
    X.h2 = X.h1;
    X.h1 = (W) + 1
  :: else
#endif
  fi
}

/* A new generation, by a login or regenerate: all before it are refused. */
inline replace(X, S) {
  X.from = (ag > X.from -> ag : X.from);
  /* By real time: no clock is further off. */
  X.sure = (X.at && now + off[X.clk] > X.at + GRACE + APART ->
    X.gen : X.sure);
  X.old = (X.gen == X.old || (X.at && isOver(X, S)) -> X.gen : X.old);
  X.gen++;
  X.floor = X.gen;
  X.at = clock(S);
  X.clk = S;
  X.bump = clock(S)
}

/* A choice, and no fault, among requests that were on their way together. */
inline share() {
#ifndef STRICT
  sharedGen = (sid == 1 && isReallyNew -> s.gen : sharedGen)
#else
  skip
#endif
}

/* What a request makes of the record s; cg: the cookie that it gets, or 0. */
inline compose() {
  cg = 0;
  was = s.gen;
  if
  :: op == LOGIN ->
    if
    :: s.own != NONE && s.own != user ->
#ifdef BREAK_CLEAR
      s.data = s.data & ~seenData
#else
      s.data = 0;
      s.n = 0
#endif
    :: else
    fi;
    if
    /* Two of one user that meet give the same generation. */
#ifdef BREAK_FOLLOW_RENEWAL
    :: s.own == user && s.gen > ag -> skip
#else
#ifdef BREAK_FOLLOW
    :: false -> skip
#else
#ifdef ALONE
    :: s.own == user && s.login > ag -> skip
#else
    :: s.own == user && s.floor > ag ->
      isLongAgo = !mayShare(s, srv);
      share()
#endif
#endif
#endif
    :: else ->
#ifndef BREAK_BUMP
      replace(s, srv);
#endif
      s.login = s.gen;
      if
      :: s.own != user -> s.since = s.gen
      :: else
      fi
    fi;
    s.own = user;
    cg = s.gen
  :: op == REGEN ->
    if
#ifdef ALONE
    /* Another request has made a new one since: only that one has it. */
    :: s.floor > ag -> skip
#else
#ifdef BREAK_FOLLOW_LOGIN
    :: s.floor > ag && mayShare(s, srv) -> cg = s.gen
#else
    :: s.floor > ag && s.login <= ag && mayShare(s, srv) ->
      cg = s.gen;
      share()
#endif
    /* A login has overtaken it, or another one did long ago. */
    :: s.floor > ag && (s.login > ag || !mayShare(s, srv)) -> skip
#endif
    :: else -> replace(s, srv); cg = s.gen
    fi
  :: else ->
    if
    :: op == INC ->
      s.n = s.n + (1 << (2 * w));
      s.data = s.data | NEW_OF(ao)
    :: else
    fi;
    if
    :: s.gen > ag ->
      /* Only a renewal is for whoever was admitted before it. */
#ifdef BREAK_OFFER
      cg = s.gen
#else
      cg = (s.floor <= ag -> s.gen : 0)
#endif
    :: s.gen <= ag && v == OLDER -> cg = s.gen
    :: s.gen <= ag && v == NEWEST ->
      if
      :: isRenewable ->
        s.old = s.gen;
        s.gen++;
        s.at = 0;
        s.clk = 0;
        s.bump = clock(srv);
        cg = s.gen
      :: !isRenewable && !isSeen(s) ->
        s.at = clock(srv);
        s.clk = srv
      :: else
      fi
    fi
  fi;
  made = (s.gen > was -> s.gen : 0);
  was = 0;
  remember(s, w)
}

inline reread() {
  if
  :: rec[sid].on -> COPY(s, rec[sid])
  :: else -> CLEAR(s)
  fi
}

/* After the answer of a write was lost: what is there, and is it mine? */
inline decide() {
  reread();
  /* The one that is late has its own generation. */
  made = (isLateMine && late == 2 -> lateMade : made);
  if
  :: !s.on -> r = GONE
  :: s.on && isMine(s, w) ->
    r = OK;
    cg = 0;
#ifdef BREAK_ADOPT
    /* It goes on with what it has read. */
    must(P_OWNERS, s.own == (op == LOGIN -> user : ao));
#endif
    if
    :: op == LOGIN && s.own == user -> cg = s.gen
#ifdef ALONE
    :: op == REGEN && s.floor == made && s.since == as -> cg = s.gen
#else
#ifdef BREAK_OWN_WRITE
    :: op == REGEN && s.login <= ag && s.since == as -> cg = s.gen; share()
#else
    /* That its write is there does not make the generation its own. */
    :: op == REGEN && s.login <= ag && s.since == as &&
      (s.floor == made || mayShare(s, srv)) ->
      cg = s.gen;
      share()
#endif
#endif
    :: op != LOGIN && op != REGEN && s.since == as ->
      cg = (s.gen > tg && s.floor <= ag -> s.gen : 0)
    :: else
    fi
#ifndef BREAK_OWNER
  :: s.on && !isMine(s, w) && op != LOGIN && s.since != as -> r = GONE
#endif
  :: else -> r = CONFLICT
  fi
}

/* An answer that is not that of a login sets a cookie. */
inline loseLogin() {
  if
  :: b == 0 && jarUser && !(rec[cs].own == jarUser && cg >= rec[cs].floor) ->
#if IS_LAST
    must(P_LAST, late || !(isBefore() && after >= jarLogin &&
      jarSid[0] == jarLoginSid && jarGen[0] >= rec[jarLoginSid].floor &&
      rec[jarLoginSid].on && rec[jarLoginSid].own == jarUser));
#endif
    jarUser = 0
  :: b == 0 && jarUser && rec[cs].own == jarUser && cg >= rec[cs].floor &&
    cs != jarLoginSid ->
    jarUser = 0
  :: else
  fi
}

/* ---------------------------------------------------------------- the rest */

proctype Clock() {
end:
  do
  :: atomic {
      now < START + TICKS && running && (!due[0] || due[0] > now) &&
        (!due[1] || due[1] > now) && (!due[2] || due[2] > now) -> now++
    }
  od
}

inline forgetLate() {
  late = 3;
  lateMade = 0;
  CLEAR(lateRec);
  CLEAR(lateOld)
}

/* A write that arrives after its request has given up, or before. */
proctype Late() {
  byte r;
end:
  do
  :: atomic { late == 1 ->
      if
      :: lateIsNew -> insert(lateSid, lateRec); r = OK
      :: else ->
        COPY(lateOld, rec[lateSid]);
        swap(lateSid, lateRec, r)
      fi;
      late = 2;
      if
      :: r != OK -> forgetLate()
      :: else
      fi;
      printf("t%d late write arrives: %d\n", now, r);
      r = 0
    }
  /* Its answer has come: what nobody waits for is taken back. */
#ifdef BREAK_CLAIM
  :: atomic { late == 2 ->
#else
  :: atomic { late == 2 && lateIsFailed ->
#endif
      if
      :: lateIsNew && rec[lateSid].on && rec[lateSid].rev == lateRec.rev ->
#ifdef BREAK_LEFT
        skip
#else
        CLEAR(rec[lateSid])
#endif
      :: !lateIsNew && rec[lateSid].on && rec[lateSid].rev == lateRec.rev + 1 ->
#ifndef BREAK_TAKE_BACK
        /* But not a renewal: somebody may have been offered it already. */
        if
        :: lateRec.gen > lateOld.gen && lateRec.floor == lateOld.floor ->
          lateOld.gen = lateRec.gen;
          lateOld.old = lateRec.old;
          lateOld.at = lateRec.at;
          lateOld.clk = lateRec.clk;
          lateOld.bump = lateRec.bump
        :: else
        fi;
#endif
        floorAt = (lateSid == 1 && lateOld.gen == lateOld.floor ->
          lateOld.at - off[lateOld.clk] : floorAt);
        COPY(rec[lateSid], lateOld);
        rec[lateSid].rev = lateRec.rev + 2
      :: else
      fi;
      printf("t%d taken back\n", now);
      forgetLate()
    }
  /* Or the process stops before. */
  :: atomic { late == 2 -> lateIsLeft = 1; forgetLate() }
  od
}

/* Steps of a request. */
#define SETTLE 1 /* its handler has returned */
#define DECIDE 2 /* the answer of its write was lost, or no */
#define STEAL 3  /* its cookie is a copy: the session ends */
#define BEGIN 4  /* it has no session, or not any more */
#define ANSWER 5 /* its answer is on its way */
#define OVER 0
#define SENT 6   /* its cookie is on its way */
#define END 7    /* it is a logout, and knows what it ends */
#define LEAVE 8  /* it looks whether its cookie still counts */
#define SAY 9    /* it tells its process that it may end what replaced its cookie */
#define LOOK 10  /* it looks whether that is still there, and tells it */
#define NOTE 11

#define isWriting (op == INC || op == LOGIN || op == REGEN || \
  v == NEWEST && (isRenewable || !isSeen(s)))

inline reset() {
  CLEAR(s);
#ifdef LEAVES
  isForeign = 0;
#ifdef NOTE_READ
  seen[me] = 0;
#endif
  opened[me] = 0; newer[me] = 0; logged[me] = 0; turned[me] = 0;
#endif
  isJust = 0; isLongAgo = 0; mustEnd = 0; before = 0;
  sid = 0; tg = 0; tt = 0; op = 0; v = 0; ag = 0; ao = 0; as = 0; seenData = 0;
  cs = 0; cg = 0; ct = 0; made = 0; r = 0; tries = 0;
#if IS_LAST
  began = 0; after = 0;
#endif
  srv = 0; isLateMine = 0; isLogin = 0; was = 0;
  w++;
  running = running - (w == w0 + count -> 1 : 0);
  step = OVER
}

inline answer() {
#if IS_LAST
#ifdef LEAVES
  after = (isLogin -> after : logins);
#else
  after = logins;
#endif
#endif
  isJust = 0; isLongAgo = 0; mustEnd = 0; before = 0;
  ct = (cs && cs < SIDS -> clock(srv) : 0);
  CLEAR(s);
  isRenewable = 0; tg = 0; tt = 0; made = 0; r = 0; tries = 0; ag = 0; ao = 0; as = 0; seenData = 0; v = 0;
  isLateMine = 0; was = 0;
  if
  :: cs -> due[me] = now + FLIGHT; step = ANSWER
  :: else -> reset()
  fi
}

/* Its write is decided. */
inline finish() {
  if
  :: r == OK ->
    if
    :: op == INC -> acked = acked | (1 << w); sidOf[w] = sid
    :: op == LOGIN && cg -> isLogin = 1
    :: else
    fi;
    cs = (cg -> sid : 0);
    isHers = isHers || (b == 0 && sid == 1 && cg && (op == LOGIN || op == REGEN));
    /* What she makes alone is hers alone. */
    sharedGen = (b == 0 && sid == 1 && cg && cg == made && made > sharedGen ->
      0 : sharedGen);
    lookAtCopies();
#ifdef LEAVES
    note(sid, (op == LOGIN || op == REGEN -> cg : 0), op == LOGIN && cg);
#ifdef NOTE_READ
    seen[me] = 0;
#endif
    if
    :: isLogin -> countKnown()
    :: else
    fi;
    step = LEAVE
#else
    answer()
#endif
  :: r == GONE && op == LOGIN ->
    /* It is a login all the same: with what the visitor had before. */
    seenData = (ao == NONE -> seenData : 0);
    step = BEGIN
  :: else -> answer()
  fi
}

/* Requests of a browser, one after the other. */
proctype Tab(byte me; byte b; byte w0; byte count; byte ops; byte user) {
  byte w, sid, tg, tt, op, v, ag, ao, as, seenData, was, step;
  byte cs, cg, ct, made, r, tries;
#if IS_LAST
  byte began, after;
#endif
  byte before, mustEnd;
  bit srv, isRenewable, isLateMine, again, isLogin, isJust, isLongAgo;
#ifdef LEAVES
  bit isForeign; /* a login by a cookie from before another one */
#endif
  Rec s;
  w = w0;
end:
  do
  :: atomic { step == OVER && w < w0 + count ->
      sid = jarSid[b];
      tg = jarGen[b];
      tt = jarSealed[b];
#if IS_LAST && !defined(LEAVES)
      began = loginsRead;
#endif
#ifdef SKEWED
      if
      :: srv = 0
      :: srv = 1
      fi;
#endif
      if
      :: ops & READ -> op = READ
      :: ops & RESEAL -> op = RESEAL
      :: ops & INC -> op = INC
      :: ops & LOGIN -> op = LOGIN
      :: ops & REGEN -> op = REGEN
      :: ops & DESTROY -> op = DESTROY
      fi;
      due[me] = now + FLIGHT;
      step = SENT
    }
  /* It is opened. */
  :: atomic { step == SENT ->
      due[me] = 0;
#ifdef LEAVES
      opened[me] = sid;
#if IS_LAST
      began = logins;
#endif
#endif
      reread();
      if
      :: !s.on -> v = FRESH
      :: else ->
        judge(s, tg, tt, srv, v);
        isRenewable = (v == NEWEST && isDue(s, srv));
        isJust = (v == REFUSED && isJustReplaced(s, tg, srv) &&
          (op == DESTROY || op == LOGIN));
        /* Until when it has to end what has replaced its cookie. */
        mustEnd = (op == DESTROY && v == REFUSED && sid == 1 &&
          tg >= s.login && tg >= s.old && tg < s.floor -> floorAt + GRACE : 0);
        must(P_ENDED, !ended[sid]);
        ag = s.gen;
        ao = s.own;
        as = s.since;
        seenData = s.data
      fi;
#ifndef THIEF
      must(P_RIGHTFUL, v != REUSE);
#endif
#ifdef WHOLE_LIFE
      must(P_RIGHTFUL, v == NEWEST || v == OLDER);
#endif
      /* Real time since the newest was seen; no clock is further off. */
      must(P_COPIES, !(v == OLDER && s.at && tt + MARGIN < s.bump &&
        now + off[s.clk] > s.at + GRACE + 2 * SKEW));
      step = (v == REUSE -> STEAL : (v == NEWEST || v == OLDER -> SETTLE : BEGIN));
      printf("t%d tab %d (browser %d, server %d) op %d: opens %d.%d of gen %d: %d\n",
        now, me, b, srv, op, sid, tg, s.gen, v);
      tt = 0;
#ifdef LEAVES
#ifdef NOTE_READ
      /* What it has read about the newest cookies, others can know. */
      noteRead(sid, (v == REFUSED -> s.floor : 0));
#endif
      step = (isJust && op == DESTROY -> SAY : step);
      /* This process knows that the session has ended: it is an error. */
#ifndef BREAK_ENDED_HERE
      op = (v == FRESH && op == INC && ((endedHere >> sid) & 1) -> READ : op);
#endif
#endif
      /* What it does then nobody else can see. */
      if
      :: step == SETTLE && op == READ && v == NEWEST && !isWriting -> answer()
      :: step == BEGIN && (op == READ || op == RESEAL || op == REGEN ||
        op == DESTROY && v == FRESH) -> answer()
      :: else
      fi
    }
  :: atomic { step == STEAL ->
      remove(sid);
      noteEnd(sid);
      CLEAR(s);
      v = FRESH;
      step = BEGIN
    }

  :: atomic { step == SETTLE ->
      if
      :: op == DESTROY ->
        remove(sid);
        noteEnd(sid);
        ended[sid] = 1;
        cs = SIDS;
        answer()
      :: op != DESTROY && isWriting ->
        compose();
#ifdef BREAK_EARLY_ANSWER
        acked = (op == INC -> acked | (1 << w) : acked);
        sidOf[w] = sid;
#endif
        if
        /* It was kept open for too long: it begins a session of its own. */
        :: isLongAgo -> r = GONE
        :: !isLongAgo -> swap(sid, s, r)
        /* Done, but the answer is lost: the client sends it again. */
        :: !isLongAgo && faults -> faults--; swap(sid, s, r); again = (r == OK)
        /* The answer comes late, or the write itself. */
        :: !isLongAgo && faults && !late ->
          faults--;
          late = 1;
          lateSid = sid;
          isLateMine = 1;
          lateMade = made;
          COPY(lateRec, s);
          r = UNKNOWN
        fi;
        printf("t%d tab %d writes op %d: %d, gen %d floor %d, lost %d\n", now, me,
          op, r, s.gen, s.floor, again);
        if
        :: r == OK && !again -> finish()
        :: r == UNKNOWN -> lateIsFailed = 1; cg = 0; answer()
        :: r == UNKNOWN || again || r == CONFLICT || r == GONE -> step = DECIDE
        fi
      :: else ->
        /* Nothing to be written. */
        if
        :: v == OLDER -> cg = s.gen; cs = sid
        :: v == NEWEST && op == RESEAL ->
#ifdef BREAK_RESEAL
          cg = ag;
          cs = sid
#else
          /* It is looked which generation is the newest. */
          reread();
          if
          :: s.on && s.floor <= ag -> cg = s.gen; cs = sid
          :: else
          fi;
#if IS_LAST
          after = logins;
#endif
#ifndef CROSSING
          if
          :: cs ->
            jarSid[b] = cs;
            jarGen[b] = cg;
            jarSealed[b] = clock(srv);
            loseLogin();
            printf("t%d tab %d: same cookie again %d.%d\n", now, me, cs, cg);
            cs = 0;
            lookAtCopies()
          :: else
          fi
#endif
#endif
        :: else
        fi;
        answer()
      fi
    }

  :: atomic { step == DECIDE ->
      if
      :: again -> again = 0; swap(sid, s, r)
      :: else
      fi;
      decide();
      printf("t%d tab %d reads again: %d\n", now, me, r);
      tries++;
      if
      :: r == OK || r == GONE -> finish()
      :: r == CONFLICT && tries < TRIES -> step = SETTLE
      :: else -> cg = 0; answer()
      fi
    }

  :: atomic { step == BEGIN ->
#ifndef BREAK_FRESH_COOKIE
      if
      :: v == REFUSED && op == INC && !isOver(s, srv) ->
        /* Its answer could come after that of a login: it is an error. */
        op = READ
      :: else
      fi;
#endif
      if
      :: op == DESTROY && v == REFUSED ->
        /* It asks again: somebody may have logged in meanwhile. */
        before = rec[sid].login;
#ifdef BREAK_ASK_AGAIN
        step = (isJust -> END : OVER);
#else
        /* Or the one that has replaced its cookie was taken back. */
#ifdef BREAK_TAKEN_BACK
        step = (isJust && rec[sid].on && isJustReplaced(rec[sid], tg, srv) ->
          END : OVER);
#else
        step = (isJust && rec[sid].on && (tg >= rec[sid].floor ||
          isJustReplaced(rec[sid], tg, srv)) -> END : OVER);
#endif
#endif
        if
        :: step == OVER ->
          must(P_ENDED, !(now < mustEnd && rec[sid].on &&
            tg >= rec[sid].login && tg >= rec[sid].old));
          cs = 0;
#ifdef LEAVES
          forgetTurned();
#endif
          answer()
        /* Much later, it is a copy like others. */
        :: else ->
          must(P_COPIES, tg >= rec[sid].floor || sid != 1 || isReallyNew);
          must(P_COPIES, tg >= rec[sid].sure)
        fi
      :: op != LOGIN && op != INC && !(op == DESTROY && v == REFUSED) ->
        answer()
#ifdef JOIN
      :: v == REFUSED && op == LOGIN && rec[sid].on &&
        rec[sid].own == user && rec[sid].login > tg ->
        /* The same user has logged in with this session since. */
        reread();
        remember(s, w);
        swap(sid, s, r);
        cs = sid;
        cg = s.gen;
        isLogin = 1;
        answer()
#endif
      :: else ->
        if
        :: v == FRESH || v == REFUSED -> seenData = 0
        :: else
        fi;
#ifdef LEAVES
        isForeign = (v == REFUSED && !isJust);
#endif
        CLEAR(s);
        s.on = 1;
        s.rev = 1;
        s.gen = 1;
        s.old = 1;
        s.floor = 1;
        s.since = 1;
        s.at = clock(srv);
        s.clk = srv;
        s.bump = clock(srv);
        s.own = (op == LOGIN -> user : NONE);
        s.login = (op == LOGIN);
        s.data = (op == INC -> NEW_OF(NONE) : seenData);
        s.n = (op == INC -> (1 << (2 * w)) : 0);
        s.h1 = w + 1;
        before = sid;
        sid = top;
        top++;
        if
        :: true ->
          insert(sid, s);
          cs = sid;
          cg = 1;
          isLogin = (op == LOGIN);
          if
          :: op == INC -> acked = acked | (1 << w); sidOf[w] = sid
          :: else
          fi;
#ifdef LEAVES
          step = (op == LOGIN && isJust -> LOOK : LEAVE)
#endif
        :: faults && !late ->
          faults--;
          late = 1;
          lateSid = sid;
          lateIsNew = 1;
          lateIsFailed = 1;
          COPY(lateRec, s);
          cg = 0
        fi;
#ifdef LEAVES
        if
        :: step == LEAVE && isLogin && !isForeign -> countKnown()
        :: step == LEAVE && isLogin && isForeign -> countForeign()
        :: step == BEGIN -> answer()
        :: else
        fi
#else
        answer()
#endif
      fi
    }

  :: atomic { step == END ->
      must(P_COPIES, tg >= before);
      remove(sid);
      noteEnd(sid);
      ended[sid] = 1;
      cs = SIDS;
      answer()
    }

#ifdef LEAVES
  /* A logout: an answer that brings the newer cookie is held back. */
  :: atomic { step == SAY -> noteTurned(sid); step = BEGIN }
  /* A login by a cookie that was just replaced: is it just that still? */
  :: atomic { step == LOOK ->
      isJust = rec[before].on && (tg >= rec[before].floor ||
        isJustReplaced(rec[before], tg, srv));
#ifdef NOTE_READ
      noteRead(before, rec[before].floor);
#endif
      isForeign = !isJust;
      step = NOTE
    }
  :: atomic { step == NOTE ->
      if
      :: isJust -> noteTurned(before)
      :: else
      fi;
      if
      :: !isForeign -> countKnown()
      :: else -> countForeign()
      fi;
      step = LEAVE
    }
  :: atomic { step == LEAVE ->
      if
      :: sid == opened[me] ->
        must(P_LOGINS, !(isLogin && isOutdated() && rec[sid].on &&
          rec[sid].floor == cg));
        cs = (isOutdated() -> 0 : cs)
      :: sid != opened[me]
      /* Its handler fails: no cookie goes out for the record. */
      :: sid != opened[me] && isLogin ->
        forgetTurned();
        CLEAR(rec[sid]);
        isLogin = 0;
        cs = 0
      fi;
      answer()
    }
#endif

#if CRASHES
  /* Its process stops, and nobody takes its late write back. */
  :: atomic { crashes && (step == STEAL || step == SETTLE || step == DECIDE ||
        step == BEGIN || step == END || step == LEAVE) ->
      crashes--;
      lateIsFailed = lateIsFailed && !isLateMine;
      lateIsLeft = lateIsLeft || isLateMine;
      printf("t%d tab %d: its process stops\n", now, me);
      due[me] = 0; again = 0; isRenewable = 0;
      reset()
    }
#endif

  /* It arrives, in any order with others, or is lost. */
  :: atomic { step == ANSWER ->
      due[me] = 0;
      if
      :: true -> printf("t%d tab %d: answer lost\n", now, me)
      :: cs == SIDS ->
        jarSid[b] = 0;
        jarGen[b] = 0;
        jarSealed[b] = 0;
        jarUser = (b -> jarUser : 0)
      :: cs < SIDS ->
        if
        :: b == 0 && isLogin ->
          jarUser = user;
#if IS_LAST
          jarLogin = after;
#ifdef LEAVES
          jarLoginOf = opened[me];
          isJarForeign = isForeign;
#else
          loginsRead++;
#endif
#endif
          jarLoginSid = cs;
          jarLoginGen = cg
        :: else -> loseLogin()
        fi;
        jarSid[b] = cs;
        jarGen[b] = cg;
        jarSealed[b] = ct;
        printf("t%d tab %d: answer with %d.%d\n", now, me, cs, cg);
        lookAtCopies()
      fi;
      reset()
    }
  od
}

#ifdef MORE_RECORDS
#ifndef EXCEPT
#define EXCEPT 0
#endif
bit wasAdas[SIDS];
byte sinceWhen[SIDS];

/* Ends all of Ada's sessions: the list is no snapshot. */
proctype Admin() {
  byte i, floor;
  bit isListed;
  atomic {
    floor = rec[EXCEPT].floor;
    for (i : 1 .. SIDS - 1) {
      wasAdas[i] = rec[i].on && rec[i].own == ADA;
      sinceWhen[i] = rec[i].since
    }
  }
  i = 1;
  do
  :: atomic { i < SIDS && !isListed ->
#ifdef BREAK_EXCEPT
      /* As if its id were another one after a login or regenerate. */
      isListed = rec[i].on && rec[i].own == ADA &&
        (i != EXCEPT || rec[i].floor != floor);
#else
      isListed = rec[i].on && rec[i].own == ADA && i != EXCEPT;
#endif
      i = (isListed -> i : i + 1)
    }
  :: atomic { isListed ->
      must(P_RIGHTFUL, i != EXCEPT);
      remove(i);
      isListed = 0;
      i++
    }
  :: atomic { i == SIDS -> i = 0; break }
  od;
  atomic {
    for (i : 1 .. SIDS - 1) {
      if
      :: wasAdas[i] && i != EXCEPT ->
        must(P_ENDED, !rec[i].on || rec[i].since != sinceWhen[i]);
        ended[i] = !rec[i].on
      :: else
      fi
    }
    running--
  }
}
#endif

inline begin(i, who) {
  rec[i].on = 1;
  rec[i].rev = 1;
  rec[i].own = who;
  rec[i].since = 1;
  rec[i].gen = 1;
  rec[i].old = 1;
  rec[i].floor = 1;
  rec[i].login = (who != NONE);
  rec[i].data = OLD_OF(who);
  rec[i].at = START;
  rec[i].bump = begun
}

init {
  byte begun = START - AGE;
  byte v;
  byte i;
  bit s;
  atomic {
#ifdef SKEWED
    /* Which of the two is ahead makes no difference. */
    if
    :: skip
    :: off[0] = SKEW
    fi;
    if
    :: skip
    :: begun = START - AGE + SKEW /* not for all of them due */
    fi;
#endif
    begin(1, OWNER);
    jarSid[0] = 1;
    jarGen[0] = 1;
    jarSealed[0] = begun;
#ifdef THIEF
    jarSid[1] = 1;
    jarGen[1] = 1;
    jarSealed[1] = begun;
#endif
#ifdef MORE_RECORDS
    begin(2, ADA);
    jarSid[1] = 2;
    jarGen[1] = 1;
    jarSealed[1] = begun;
#endif
    running = COUNT_OF_PEOPLE;
    PEOPLE;
    run Clock();
    run Late()
  }
  atomic {
    running == 0 && (late == 0 || late == 3) ->
    for (i : 0 .. 3) {
      must(P_WRITES, !((acked >> i) & 1) || ((wiped >> i) & 1) ||
        COUNT(rec[sidOf[i]].n, i) == 1)
    }
    must(P_LOGINS, !(lateIsNew && late && !lateIsLeft && rec[lateSid].on));
    if
    :: s = 0
    :: s = 1
    fi;
    if
    :: skip
    :: now = now + 6 /* they come back later */
    fi;
#ifdef WHOLE_LIFE
    must(P_RIGHTFUL, rec[jarSid[0]].on);
    judge(rec[jarSid[0]], jarGen[0], jarSealed[0], s, v);
    must(P_RIGHTFUL, v == NEWEST || v == OLDER);
#endif
    if
    :: jarUser && rec[jarLoginSid].on && rec[jarLoginSid].own == jarUser &&
      rec[jarLoginSid].from < jarLoginGen ->
      judge(rec[jarSid[0]], jarGen[0], jarSealed[0], s, v);
      must(P_LOGINS, jarSid[0] == jarLoginSid && (v == NEWEST || v == OLDER));
      must(P_CART, OWNER != NONE || late || (rec[jarSid[0]].data & 1))
    :: jarUser && !isEnded && !rec[jarLoginSid].on -> must(P_LOGINS, false)
    :: else
    fi
  }
}
