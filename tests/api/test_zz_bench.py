import time, json, sys
sys.path[:0]=["/work/main/src","/work/main"]
from tests.house import House
def test_speed(house: House) -> None:
    entries=[{"glAccount":"1920","debit":10.5,"text":"Prøve"},{"glAccount":"3900","credit":10.5,"vatCode":"7"}]
    body={"autoPostings":[{"clientReference":f"r{i}","entries":entries} for i in range(1000)]}
    content=json.dumps(body).encode()
    for _ in range(6):
        t=time.perf_counter(); a=house.call("POST","/autopostings/journal",content=content); d=time.perf_counter()-t
        assert a.status_code==200,a.text[:500]
        print("journal", round(1000/d))
    import cProfile,pstats
    ent=[{"customerNo":"100001","debit":10},{"glAccount":"3900","credit":10}]
    content=json.dumps({"autoPostings":[{"entries":ent} for i in range(1000)]}).encode()
    for _ in range(3):
        t=time.perf_counter(); a=house.call("POST","/autopostings/journal",content=content); d=time.perf_counter()-t
        assert a.status_code==200,a.text[:500]
        print("journal ar", round(1000/d))
    content=json.dumps({"autoPostings":[{"customerNo":"100001","amount":5,"paymentDate":"2026-11-20"} for i in range(1000)]}).encode()
    for _ in range(3):
        t=time.perf_counter(); a=house.call("POST","/autopostings/payment",content=content); d=time.perf_counter()-t
        assert a.status_code==200,a.text[:500]
        print("payment hot customer", round(1000/d))
    nos=[r["transactionNo"] for r in a.json()["autoPostings"]]
    content=json.dumps({"autoPostings":[{"glYear":2026,"transactionNo":n,"reason":"x"} for n in nos]}).encode()
    t=time.perf_counter(); a=house.call("POST","/autopostings/reversal",content=content); d=time.perf_counter()-t
    assert a.status_code==200,a.text[:500]
    print("reversal", round(1000/d))
    import reskontro.receivable.auto_postings.service as S
    orig=S.PostingDesk
    prof=cProfile.Profile()
    import reskontro.receivable.auto_postings.endpoints as E
    def wrapped(*a,**k):
        prof.enable()
        try: return orig_pa(*a,**k)
        finally: prof.disable()
    orig_pa=E.post_all; E.post_all=wrapped
    content=json.dumps({"autoPostings":[{"customerNo":"100001","amount":5,"paymentDate":"2026-11-20"} for i in range(1000)]}).encode()
    a=house.call("POST","/autopostings/payment",content=content)
    pstats.Stats(prof).sort_stats("cumtime").print_stats(28)
    prof.clear() if hasattr(prof,'clear') else None
    prof=cProfile.Profile()
    nos=[r["transactionNo"] for r in a.json()["autoPostings"]]
    content=json.dumps({"autoPostings":[{"glYear":2026,"transactionNo":n,"reason":"x"} for n in nos]}).encode()
    a=house.call("POST","/autopostings/reversal",content=content)
    pstats.Stats(prof).sort_stats("cumtime").print_stats(28)
