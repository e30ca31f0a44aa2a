/*
 * Sessions in a strong store, as they were before record_in_place.pml: a login,
 * regenerate or renewal makes a record by a new key, and the old one becomes a
 * pointer to it. Each fault that made it be given up is a property that fails.
 *
 * -DSETUP_x chooses who takes part, -DPROPS which properties are asserted. One
 * tick is 30 s.
 */

#define GRACE 1 /* an id that was left is served for so long, by any clock */
#define SKEW 2  /* how far apart the clocks of two servers may be */
#define TRIES 3

#define P_ENDED 1    /* P1: no end is undone */
#define P_WRITES 2   /* P2: no update is lost or counted twice */
#define P_OWNERS 4   /* P3: nothing of one user in another's hands */
#define P_RIGHTFUL 8 /* P4: renewal logs nobody out */
#define P_LOGINS 32  /* P6: a login whose answer arrives is a login */
#ifndef PROPS
#define PROPS 255
#endif
#define must(p, e) assert(!((p) & PROPS) || (e))

#define NONE 0
#define ADA 1
#define BOB 2

/* What there is of a user's: from before, and what a request adds. */
#define OLD_OF(u) (1 << (u))
#define NEW_OF(u) (8 << (u))
#define ALL_OF(u) (OLD_OF(u) | NEW_OF(u))

#define READ 1
#define INC 4
#define LOGIN 8

#define OK 0
#define CONFLICT 1
#define GONE 2

#ifdef SETUP_USERS /* Bob logs in where Ada was, while her other tab writes */
#define OWNER ADA
#define COUNT_OF_PEOPLE 2
#define PEOPLE \
  run Tab(0, 1, LOGIN, BOB, 0); \
  run Tab(1, 1, INC, ADA, 0)
#endif
#ifdef SETUP_LOGINS /* two clicks on "sign in" */
#define OWNER NONE
#define COUNT_OF_PEOPLE 2
#define PEOPLE \
  run Tab(0, 1, LOGIN, ADA, 0); \
  run Tab(1, 1, LOGIN, ADA, 0)
#endif
#ifdef SETUP_LOGIN /* one login, and the client repeats what got no answer */
#define OWNER NONE
#define FAULTS 1
#define COUNT_OF_PEOPLE 1
#define PEOPLE run Tab(0, 1, LOGIN, ADA, 0)
#endif
#ifdef SETUP_WRITE /* one write, the same */
#define OWNER ADA
#define FAULTS 1
#define COUNT_OF_PEOPLE 1
#define PEOPLE run Tab(0, 1, INC, ADA, 0)
#endif
#ifdef SETUP_SLOW /* a slow write, and a renewal meanwhile */
#define OWNER ADA
#define RENEWED
#define TICKS 3
#define COUNT_OF_PEOPLE 2
#define PEOPLE \
  run Tab(0, 1, READ, ADA, 0); \
  run Tab(1, 1, INC, ADA, 0)
#endif
#ifdef SETUP_CLOCKS /* two servers, one clock is fast; no time passes */
#define OWNER ADA
#define RENEWED
#define COUNT_OF_PEOPLE 2
#define PEOPLE \
  run Tab(0, 1, READ, ADA, 0); \
  run Tab(1, 1, READ, ADA, 1)
#endif
#ifdef SETUP_REVOKE_ALL /* a session is renewed while the list is read */
#define OWNER ADA
#define RENEWED
#define ADMIN
#define COUNT_OF_PEOPLE 2
#define PEOPLE \
  run Tab(0, 1, READ, ADA, 0); \
  run Admin()
#endif

#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef TICKS
#define TICKS 0
#endif

typedef Rec {
  bit on;
  byte rev;
  bit isPointer;
  byte next;   /* of a pointer: where the session went; 0: nowhere */
  bit opens;   /* of a pointer: the holder of the old id learns the new one */
  byte since;  /* of a pointer: when it was left */
  byte own;
  byte n;      /* how often an increment counts */
  byte data;   /* whose data there is */
}

#define COPY(x, y) \
  x.on = y.on; x.rev = y.rev; x.isPointer = y.isPointer; x.next = y.next; \
  x.opens = y.opens; x.since = y.since; x.own = y.own; x.n = y.n; \
  x.data = y.data

#define SIDS 6
Rec rec[SIDS];
byte top = 2;
byte jar = 1;
byte now = 0;
#define clock(s) (now + (s -> SKEW : 0))
byte faults = FAULTS;
byte running = 0;
bit isRenewed = 0;

inline look(I) {
  must(P_OWNERS, !(rec[I].on && rec[I].own == BOB && (rec[I].data & ALL_OF(ADA))));
  must(P_WRITES, rec[I].n < 2)
}

/* Reads through pointers, from id at; r: OK, or GONE. */
inline read() {
  hops = 0;
  r = CONFLICT;
  do
  :: r != CONFLICT -> break
  :: r == CONFLICT && (!rec[at].on || hops == 5) -> r = GONE
  :: r == CONFLICT && rec[at].on && !rec[at].isPointer && hops < 5 ->
    COPY(s, rec[at]);
    r = OK
  :: r == CONFLICT && rec[at].on && rec[at].isPointer && hops < 5 ->
    if
    :: !rec[at].opens -> r = GONE
    :: rec[at].opens && clock(srv) > rec[at].since + GRACE ->
      /* Taken for a copy: the session ends, wherever it has gone. */
      must(P_RIGHTFUL, false);
      endAll(at);
      r = GONE
    :: else -> at = rec[at].next; hops++
    fi
  od;
  hops = 0
}

/* Ends what an id stands for, wherever it has gone; one step is enough here. */
inline endAll(I) {
  do
  :: !I || !rec[I].on -> break
  :: else ->
    follow = (rec[I].isPointer -> rec[I].next : 0);
    rec[I].isPointer = 1;
    rec[I].next = 0;
    rec[I].opens = 0;
    rec[I].since = now;
    rec[I].own = NONE;
    rec[I].n = 0;
    rec[I].data = 0;
    rec[I].rev++;
    I = follow
  od;
  follow = 0
}

proctype Clock() {
  do
  :: atomic { now < TICKS && running -> now++ }
  :: atomic { !running -> break }
  od
}

proctype Tab(byte me; byte count; byte op; byte user; bit srv) {
  byte at, r, hops, follow, tries, moved, cookie, seen, ao, n0;
  bit isMoving, again, isLost;
  Rec s;
  do
  :: count ->
    atomic {
      at = jar;
      read();
      seen = s.data;
      ao = s.own;
      printf("t%d tab %d (server %d) op %d: reads %d: %d\n", now, me, srv, op, at, r)
    }
    if
    :: r == OK ->
      isMoving = (op == LOGIN);
#ifdef RENEWED
      atomic {
        if
        :: op == READ && !isRenewed -> isMoving = 1; isRenewed = 1
        :: else
        fi
      }
#endif
      if
      :: op == INC || isMoving ->
        do
        :: atomic {
            /* This request's changes, on what it has read. */
            if
            :: op == INC -> s.n++; s.data = s.data | NEW_OF(ao)
            :: op == LOGIN ->
              if
              /* Only what was seen is removed. */
              :: s.own != NONE && s.own != user -> s.data = s.data & ~seen
              :: else
              fi;
              s.own = user
            :: else
            fi;
            if
            :: isMoving ->
              moved = top;
              top++;
              COPY(rec[moved], s);
              rec[moved].rev = 1;
              look(moved)
            :: else
            fi
          }
          atomic {
            if
            :: !rec[at].on -> r = GONE
            :: rec[at].on && rec[at].rev != s.rev -> r = CONFLICT
            :: else ->
              if
              :: isMoving ->
                rec[at].isPointer = 1;
                rec[at].next = moved;
                rec[at].opens = (op != LOGIN);
                rec[at].since = clock(srv);
                rec[at].own = NONE;
                rec[at].n = 0;
                rec[at].data = 0
              :: else -> COPY(rec[at], s)
              fi;
              rec[at].rev = s.rev + 1;
              look(at);
              r = OK;
              if
              :: skip
              /* The answer is lost; the client repeats it: a conflict. */
              :: faults -> faults--; r = CONFLICT
              fi
            fi;
            printf("t%d tab %d writes op %d, to %d: %d\n", now, me, op, moved, r)
          }
          if
          :: r == OK -> cookie = (isMoving -> moved : 0); break
          :: r != OK ->
            atomic {
              if
              :: isMoving -> rec[moved].on = 0; moved = 0
              :: else
              fi
            }
            if
            :: r == GONE -> break
            :: else
            fi;
            n0 = at;
            atomic {
              read();
              printf("t%d tab %d reads again: %d\n", now, me, r);
              tries++;
              if
              :: r == OK && tries == TRIES -> r = CONFLICT
              :: else
              fi
            }
            if
            :: r == OK && n0 != at && op != LOGIN ->
              /* Another request has renewed the id; this one goes with it. */
              isMoving = 0;
              cookie = at;
              if
              :: op == READ -> break
              :: else
              fi
            :: r == OK && (n0 == at || op == LOGIN)
            :: r != OK -> break
            fi
          fi
        od
      :: else
      fi
    :: r != OK && op == LOGIN ->
      /* A fresh session. */
      atomic {
        cookie = top;
        top++;
        rec[cookie].on = 1;
        rec[cookie].rev = 1;
        rec[cookie].own = user
      }
    :: else
    fi;
    /* The answer. An end meanwhile is no error: it just has no cookie. */
    atomic {
      if
      :: isLost = 1
      :: isLost = 0
      fi;
      printf("t%d tab %d: answer with %d, lost %d\n", now, me, cookie, isLost);
      /* That of a login says so, and has a cookie. */
      must(P_LOGINS, op != LOGIN || r == CONFLICT || cookie);
      jar = (!isLost && cookie -> cookie : jar);
      cookie = 0; isLost = 0; tries = 0; moved = 0; n0 = 0; seen = 0; ao = 0;
      isMoving = 0;
      count--
    }
  :: !count -> break
  od;
  running--
}

#ifdef ADMIN
/* Ends all of Ada's sessions, by a list that is no snapshot. */
proctype Admin() {
  byte i, at, follow;
  i = SIDS - 1;
  do
  :: i > 0 ->
    atomic {
      /* In the order of keys, which are random: a new one may be behind. */
      if
      :: rec[i].on && rec[i].own == ADA ->
        at = i;
        endAll(at);
        printf("t%d admin ends %d\n", now, i)
      :: else -> printf("t%d admin finds nothing at %d\n", now, i)
      fi;
      at = 0;
      i--
    }
  :: i == 0 -> break
  od;
  running--
}
#endif

init {
  byte i;
  atomic {
    rec[1].on = 1;
    rec[1].rev = 1;
    rec[1].own = OWNER;
    rec[1].data = OLD_OF(OWNER);
    running = COUNT_OF_PEOPLE;
    PEOPLE;
    run Clock()
  }
  atomic {
    running == 0 ->
    i = 0;
#ifdef ADMIN
    for (i : 1 .. SIDS - 1) {
      must(P_ENDED, !(rec[i].on && rec[i].own == ADA))
    }
#endif
  }
}
